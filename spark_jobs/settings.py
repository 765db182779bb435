"""The batch side's settings: the only file under spark_jobs that reads the environment."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from expectations.contracts.event_settings import read_client_properties
from expectations.contracts.home import HomePaths
from expectations.contracts.settings import SettingsError, load_environment, resolve_settings
from segments.sql.costs import CostLimits
from spark_jobs.sources.registry import list_source_names


@dataclass(frozen=True)
class Settings:
    """What a job may know of its environment. Secrets are left out of `repr`."""

    home: Path
    sources: tuple[str, ...]
    landing_from: Path | None
    identity_key: str = field(repr=False)
    spark_master: str
    spark_memory: str
    spark_remote: str = field(repr=False)  # empty: an engine of our own
    warehouse: str
    mlflow_uri: str
    seed: int
    training_days: int | None
    refused_percent: int | None  # None: each feed's own limit
    segment_limits: CostLimits
    events: str  # `log` or `kafka`
    kafka_servers: str
    kafka_config: Path | None
    events_topic: str
    transitions_topic: str
    memberships: str  # who decides them: `service` or `stream`
    memberships_topic: str
    live_store: str = field(repr=False)  # of Redis; empty: the service's own files
    stream_seconds: int
    stream_events: int
    shop_customers: int
    shop_seed: int
    snowflake: Mapping[str, str] = field(repr=False)

    @property
    def paths(self) -> HomePaths:
        """Where the files of the home lie."""
        return HomePaths(self.home)

    @property
    def kafka_properties(self) -> dict[str, str]:
        """Further properties of Kafka's clients.

        Raises:
            SettingsError: the file is not as it must be.
        """
        try:
            return read_client_properties(self.kafka_config) if self.kafka_config else {}
        except ValueError as error:
            raise SettingsError(str(error)) from None

    @property
    def landing(self) -> Path:
        return self.paths.landing

    @property
    def lake(self) -> Path:
        return self.paths.lake

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read every setting.

        Args:
            environ: None for the environment and `.env`.

        Raises:
            SettingsError: a name or value that is not allowed; says which are.
        """
        values = resolve_settings(load_environment() if environ is None else environ)
        sources = tuple(name.strip() for name in values["CONCIERGE_SOURCES"].split(","))
        refuse_unknown_sources(sources)
        home = Path(values["CONCIERGE_HOME"]).expanduser().resolve()
        return cls(
            home=home,
            sources=sources,
            landing_from=folder(values["CONCIERGE_LANDING_FROM"]),
            identity_key=values["CONCIERGE_IDENTITY_KEY"],
            spark_master=values["CONCIERGE_SPARK_MASTER"],
            spark_remote=values["CONCIERGE_SPARK_REMOTE"],
            spark_memory=values["CONCIERGE_SPARK_MEMORY"],
            warehouse=values["CONCIERGE_WAREHOUSE"],
            mlflow_uri=values["CONCIERGE_MLFLOW_URI"] or f"sqlite:///{HomePaths(home).mlflow_database}",
            seed=int(values["CONCIERGE_SEED"]),
            training_days=int(values["CONCIERGE_TRAINING_DAYS"])
            if values["CONCIERGE_TRAINING_DAYS"]
            else None,
            refused_percent=int(values["CONCIERGE_REFUSED_PERCENT"])
            if values["CONCIERGE_REFUSED_PERCENT"]
            else None,
            segment_limits=CostLimits(
                int(values["CONCIERGE_SEGMENT_ROWS_READ"]), int(values["CONCIERGE_SEGMENT_ROWS_MADE"])
            ),
            events=values["CONCIERGE_EVENTS"],
            kafka_servers=values["CONCIERGE_KAFKA_SERVERS"],
            kafka_config=folder(values["CONCIERGE_KAFKA_CONFIG"]),
            events_topic=values["CONCIERGE_EVENTS_TOPIC"],
            transitions_topic=values["CONCIERGE_TRANSITIONS_TOPIC"],
            memberships=values["CONCIERGE_MEMBERSHIPS"],
            memberships_topic=values["CONCIERGE_MEMBERSHIPS_TOPIC"],
            live_store=values["CONCIERGE_LIVE"],
            stream_seconds=int(values["CONCIERGE_STREAM_SECONDS"]),
            stream_events=int(values["CONCIERGE_STREAM_EVENTS"]),
            shop_customers=int(values["CONCIERGE_SHOP_CUSTOMERS"]),
            shop_seed=int(values["CONCIERGE_SHOP_SEED"]),
            snowflake={
                name.removeprefix("CONCIERGE_SNOWFLAKE_").lower(): value
                for name, value in values.items()
                if name.startswith("CONCIERGE_SNOWFLAKE_")
            },
        )


def folder(text: str) -> Path | None:
    """A folder or file as a setting names it; None for an empty one."""
    return Path(text).expanduser().resolve() if text else None


def refuse_unknown_sources(names: Iterable[str]) -> None:
    """Stop at a source that no module declares, before a night finds out.

    Raises:
        SettingsError: names it and those there are.
    """
    known = list_source_names()
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise SettingsError(f"CONCIERGE_SOURCES names {name!r}, there are: {', '.join(known)}{hint}")

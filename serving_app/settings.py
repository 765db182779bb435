"""The service's settings: the only file under serving_app that reads the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from expectations.contracts.event_settings import read_client_properties
from expectations.contracts.setting_values import parse_named_secrets
from expectations.contracts.settings import SettingsError, load_environment, resolve_settings
from expectations.contracts.trigger_settings import parse_networks
from segments.sql.costs import CostLimits


@dataclass(frozen=True)
class Settings:
    """What the service may know of its environment. Secrets are left out of `repr`."""

    home: Path
    sources: tuple[str, ...] = ()
    identity_key: str = field(default="", repr=False)
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 2
    live: str = field(default="", repr=False)
    memberships: str = "service"
    events: str = "log"
    events_topic: str = "concierge.events"
    kafka_servers: str = "127.0.0.1:9092"
    kafka_config: Mapping[str, str] = field(default_factory=dict, repr=False)
    spool_bytes: int = 1_000_000_000
    admin_token: str = field(default="", repr=False)
    user_token_secrets: tuple[str, ...] = field(default=(), repr=False)
    webhook_secrets: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    trigger_secrets: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    trigger_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    triggers_run_apart: bool = False
    transitions: str = "log"
    transitions_topic: str = "concierge.transitions"
    open_stream_seconds: int = 0
    key_rate: str = "1000/second"
    has_access_log: bool = True
    drain_seconds: int = 1
    withholds_unlogged: bool = False
    syncs_each_impression: bool = True
    decision_log_days: int | None = None
    segment_limits: CostLimits = field(default_factory=CostLimits)
    segment_approval_share: float = 0.05
    has_demo: bool = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read every setting.

        Args:
            environ: None for the environment and `.env`.

        Raises:
            SettingsError: a name or value that is not allowed; says which are.
        """
        values = resolve_settings(load_environment() if environ is None else environ)
        if values["CONCIERGE_MEMBERSHIPS"] == "stream":
            check_streamed(values)
        return cls(
            home=Path(values["CONCIERGE_HOME"]).expanduser().resolve(),
            sources=tuple(name.strip() for name in values["CONCIERGE_SOURCES"].split(",")),
            identity_key=values["CONCIERGE_IDENTITY_KEY"],
            host=values["CONCIERGE_HTTP_HOST"],
            port=int(values["CONCIERGE_HTTP_PORT"]),
            workers=int(values["CONCIERGE_HTTP_WORKERS"]),
            live=values["CONCIERGE_LIVE"],
            memberships=values["CONCIERGE_MEMBERSHIPS"],
            events=values["CONCIERGE_EVENTS"],
            events_topic=values["CONCIERGE_EVENTS_TOPIC"],
            kafka_servers=values["CONCIERGE_KAFKA_SERVERS"],
            kafka_config=read_kafka_config(values["CONCIERGE_KAFKA_CONFIG"]),
            spool_bytes=int(values["CONCIERGE_SPOOL_BYTES"]),
            admin_token=values["CONCIERGE_ADMIN_TOKEN"],
            user_token_secrets=tuple(
                secret.strip()
                for secret in values["CONCIERGE_USER_TOKEN_SECRETS"].split(",")
                if secret.strip()
            ),
            webhook_secrets=parse_named_secrets(values["CONCIERGE_WEBHOOK_SECRETS"]),
            trigger_secrets=parse_named_secrets(values["CONCIERGE_TRIGGER_SECRETS"]),
            trigger_networks=parse_networks(values["CONCIERGE_TRIGGER_NETWORKS"]),
            triggers_run_apart=values["CONCIERGE_TRIGGERS"] == "apart",
            transitions=values["CONCIERGE_TRANSITIONS"],
            transitions_topic=values["CONCIERGE_TRANSITIONS_TOPIC"],
            open_stream_seconds=int(values["CONCIERGE_OPEN_STREAM_SECONDS"]),
            key_rate=values["CONCIERGE_KEY_RATE"],
            drain_seconds=int(values["CONCIERGE_DRAIN_SECONDS"]),
            has_access_log=values["CONCIERGE_ACCESS_LOG"] == "stderr",
            withholds_unlogged=values["CONCIERGE_UNLOGGED_LISTS"] == "withhold",
            syncs_each_impression=values["CONCIERGE_IMPRESSION_SYNC"] == "each",
            decision_log_days=int(values["CONCIERGE_DECISION_LOG_DAYS"])
            if values["CONCIERGE_DECISION_LOG_DAYS"]
            else None,
            segment_limits=CostLimits(
                int(values["CONCIERGE_SEGMENT_ROWS_READ"]), int(values["CONCIERGE_SEGMENT_ROWS_MADE"])
            ),
            segment_approval_share=int(values["CONCIERGE_SEGMENT_APPROVAL_PERCENT"]) / 100,
            has_demo=values["CONCIERGE_DEMO"] == "on",
        )


def read_kafka_config(path: str) -> dict[str, str]:
    """Further properties of Kafka's clients; none where no file is named.

    Raises:
        SettingsError: the file is not as it must be.
    """
    try:
        return read_client_properties(Path(path).expanduser()) if path else {}
    except ValueError as error:
        raise SettingsError(str(error)) from None


def check_streamed(values: Mapping[str, str]) -> None:
    """
    Raises:
        SettingsError: the stream would decide memberships in vain: of no event, or for nobody.
    """
    if not values["CONCIERGE_LIVE"]:
        raise SettingsError("CONCIERGE_MEMBERSHIPS=stream needs Redis, named by CONCIERGE_LIVE")
    for name in ("CONCIERGE_EVENTS", "CONCIERGE_TRANSITIONS"):
        if values[name] != "kafka":
            raise SettingsError(
                f"CONCIERGE_MEMBERSHIPS=stream needs {name}=kafka: the stream reads and writes topics alone"
            )

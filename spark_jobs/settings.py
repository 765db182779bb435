"""The batch side's settings: the only file under spark_jobs that reads the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from expectations.contracts.settings import SettingsError, read, surroundings

FEWEST_DAYS = 12  # of learning; fewer have test windows of a day or none at all, and nothing that cannot be tested is accepted


@dataclass(frozen=True)
class Settings:
    """What a job may know of its surroundings. Secrets are left out of `repr`."""

    home: Path
    sources: tuple[str, ...]
    landing_from: Path | None
    identity_key: str = field(repr=False)
    spark_master: str
    spark_memory: str
    warehouse: str
    mlflow_uri: str
    seed: int
    training_days: int | None
    shop_customers: int
    shop_seed: int
    snowflake: Mapping[str, str] = field(repr=False)

    @property
    def landing(self) -> Path:
        return self.home / "landing"

    @property
    def lake(self) -> Path:
        return self.home / "lake"

    @property
    def warehouse_folder(self) -> Path:
        return self.home / "warehouse"

    @property
    def serving(self) -> Path:
        return self.home / "serving"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read every setting.

        Args:
            environ: None for the environment and `.env`.

        Raises:
            SettingsError: a name or value that is not allowed; says which are.
        """
        given = read(surroundings() if environ is None else environ)
        if given["CONCIERGE_WAREHOUSE"] not in ("duckdb", "snowflake"):
            raise SettingsError(f"CONCIERGE_WAREHOUSE is {given['CONCIERGE_WAREHOUSE']!r}; allowed: duckdb, snowflake")
        home = Path(given["CONCIERGE_HOME"]).expanduser().resolve()
        return cls(
            home=home,
            sources=tuple(name.strip() for name in given["CONCIERGE_SOURCES"].split(",") if name.strip()),
            landing_from=folder(given["CONCIERGE_LANDING_FROM"]),
            identity_key=given["CONCIERGE_IDENTITY_KEY"],
            spark_master=given["CONCIERGE_SPARK_MASTER"],
            spark_memory=given["CONCIERGE_SPARK_MEMORY"],
            warehouse=given["CONCIERGE_WAREHOUSE"],
            mlflow_uri=given["CONCIERGE_MLFLOW_URI"] or f"sqlite:///{home}/mlflow/mlflow.db",
            seed=whole_number(given, "CONCIERGE_SEED"),
            training_days=days_of_learning(given, "CONCIERGE_TRAINING_DAYS"),
            shop_customers=whole_number(given, "CONCIERGE_SHOP_CUSTOMERS"),
            shop_seed=whole_number(given, "CONCIERGE_SHOP_SEED"),
            snowflake={
                name.removeprefix("CONCIERGE_SNOWFLAKE_").lower(): value
                for name, value in given.items()
                if name.startswith("CONCIERGE_SNOWFLAKE_")
            },
        )


def folder(given: str) -> Path | None:
    """A folder as a setting names it; None for an empty one."""
    return Path(given).expanduser().resolve() if given else None


def days_of_learning(given: Mapping[str, str], name: str) -> int | None:
    """How many of the newest days are learned from; None for an empty setting, which is all of them."""
    if not given[name]:
        return None
    found = whole_number(given, name)
    if found < FEWEST_DAYS:
        raise SettingsError(f"{name} is {given[name]!r}; it must be a whole number of at least {FEWEST_DAYS}, or empty")
    return found


def whole_number(given: Mapping[str, str], name: str) -> int:
    try:
        return int(given[name])
    except ValueError:
        raise SettingsError(f"{name} is {given[name]!r}; it must be a whole number") from None

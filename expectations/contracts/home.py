"""Where each file of a home lies, `$CONCIERGE_HOME`: the only module that joins names of its folders."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class HomePaths:
    """The paths of one shop's home. Nothing is made or read here.

    Attributes:
        root: the home's folder.
    """

    root: Path

    @property
    def landing(self) -> Path:
        """Files as they were delivered: `<source>/<entity>/<landing date>/`."""
        return self.root / "landing"

    @property
    def truth(self) -> Path:
        """What the sample shop knows of itself; no step reads it."""
        return self.root / "truth"

    @property
    def lake(self) -> Path:
        """The Delta tables, a folder each."""
        return self.root / "lake"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse"

    @property
    def warehouse_file(self) -> Path:
        """The published warehouse: a link into `warehouse_builds`."""
        return self.warehouse / "concierge.duckdb"

    @property
    def warehouse_builds(self) -> Path:
        """Warehouse files, one a run."""
        return self.warehouse / "builds"

    @property
    def dbt(self) -> Path:
        """What dbt generates, and the file that a run builds in."""
        return self.warehouse / "dbt"

    @property
    def dbt_docs(self) -> Path:
        return self.warehouse / "docs"

    @property
    def dbt_development(self) -> Path:
        """The warehouse of one's own that `make dbt` builds in."""
        return self.warehouse / "development"

    def export(self, run_slug: str) -> Path:
        """Files between warehouse and lake while `export` runs."""
        return self.warehouse / "export" / run_slug

    def load(self, run_slug: str) -> Path:
        """Files between lake and Snowflake while `load` runs."""
        return self.warehouse / "load" / run_slug

    @property
    def published(self) -> Path:
        """The published record: what readers see now."""
        return self.root / "published.json"

    @property
    def serving(self) -> Path:
        return self.root / "serving"

    @property
    def snapshots(self) -> Path:
        """Snapshots, a folder each."""
        return self.serving / "snapshots"

    @property
    def verified_snapshots(self) -> Path:
        """The service's own copies of snapshots."""
        return self.serving / "verified"

    @property
    def deployments(self) -> Path:
        """The log of deployments, a line each."""
        return self.serving / "production.jsonl"

    @property
    def history(self) -> Path:
        """Published records that one can roll back to, a file a run."""
        return self.serving / "history"

    @property
    def rule_files(self) -> Path:
        """Copies of the rule files that deployments were made by, a folder a set."""
        return self.serving / "rules"

    @property
    def overrides(self) -> Path:
        """The folder of the overrides."""
        return self.serving / "state"

    @property
    def restrictions(self) -> Path:
        """The store of restrictions."""
        return self.serving / "restrictions"

    @property
    def decision_log(self) -> Path:
        """The log of impressions."""
        return self.serving / "decision_log"

    @property
    def identity(self) -> Path:
        return self.root / "identity"

    @property
    def identity_decisions(self) -> Path:
        return self.identity / "decisions.csv"

    @property
    def linkage_model(self) -> Path:
        """The home's own linkage model; without it the shipped one is used."""
        return self.identity / "model.json"

    def reports(self, run_slug: str) -> Path:
        """The reports of a run: `model.json`, `lists.json`, `identity.html`."""
        return self.root / "reports" / run_slug

    @property
    def summary(self) -> Path:
        """The run summary of the last night."""
        return self.root / "summary.json"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def mlflow(self) -> Path:
        return self.root / "mlflow"

    @property
    def mlflow_database(self) -> Path:
        return self.mlflow / "mlflow.db"

    @property
    def mlflow_artifacts(self) -> Path:
        return self.mlflow / "artifacts"

    @property
    def airflow(self) -> Path:
        return self.root / "airflow"

    @property
    def shop_clock(self) -> Path:
        return self.airflow / "shop_clock.json"

    def scoring(self, run_slug: str) -> Path:
        """Finished partitions of a scoring, until it ends."""
        return self.root / "scoring" / run_slug

    @property
    def rebuilt(self) -> Path:
        """Models made again, to be compared."""
        return self.root / "rebuilt"

    @property
    def step_lock(self) -> Path:
        return self.root / ".step.lock"

    @property
    def step_lock_holder(self) -> Path:
        """Who holds the step lock, in words."""
        return self.root / ".step.txt"

    @property
    def publish_lock(self) -> Path:
        return self.root / ".publish.lock"

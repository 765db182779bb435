"""Where each file of a home lies, `$CONCIERGE_HOME`; no other module joins these names.

Files whose names belong to a format (a snapshot's, a Delta table's, a model's) or to a tool (dbt's target)
are named where they are written.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class HomePaths:
    """The paths of one shop's home, the folder `root`. Nothing is made or read here."""

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
    def ingest_parts(self) -> Path:
        """What `ingest` has read of a run's files, until it is written."""
        return self.root / "ingest"

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

    def warehouse_build(self, run_slug: str, number: int = 1) -> Path:
        """The warehouse file that a run built, with a number behind its name from the second on."""
        name = f"{run_slug}.duckdb" if number == 1 else f"{run_slug}.{number}.duckdb"
        return self.warehouse_builds / name

    @property
    def dbt(self) -> Path:
        """What dbt generates, and the file that a run builds in."""
        return self.warehouse / "dbt"

    @property
    def dbt_build(self) -> Path:
        """The warehouse file that a run builds in, of one name for all runs."""
        return self.dbt / "building.duckdb"

    @property
    def dbt_reading(self) -> Path:
        """What dbt generates for readers of the published warehouse: were it a night's folder, the next night
        would parse the whole project again.
        """
        return self.warehouse / "reading"

    @property
    def dbt_docs(self) -> Path:
        return self.warehouse / "docs"

    @property
    def dbt_docs_page(self) -> Path:
        return self.dbt_docs / "index.html"

    @property
    def dbt_docs_warehouse(self) -> Path:
        return self.dbt_docs / "copy.duckdb"

    @property
    def insights_page(self) -> Path:
        return self.warehouse / "insights" / "index.html"

    @property
    def insights_warehouse(self) -> Path:
        return self.insights_page.with_name("copy.duckdb")

    @property
    def dbt_development(self) -> Path:
        """What dbt generates for `make dbt`, and the warehouse of one's own that it builds in."""
        return self.warehouse / "development"

    @property
    def development_warehouse(self) -> Path:
        return self.dbt_development / "warehouse.duckdb"

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
    def placements(self) -> Path:
        """The shop's own placements, beside those that come with Concierge."""
        return self.root / "placements.yml"

    @property
    def segment_definitions(self) -> Path:
        """The shop's own definitions of segments, each in the place of the shipped one of its id."""
        return self.root / "segments"

    def segment_definition(self, segment_id: str) -> Path:
        return self.segment_definitions / f"{segment_id}.yml"

    @property
    def segment_changes(self) -> Path:
        """Who put which definition in force again and why, a line each."""
        return self.segment_definitions / "changes.jsonl"

    @property
    def segment_drafts(self) -> Path:
        """Definitions that somebody works on, a file each; no night reads them."""
        return self.segment_definitions / "drafts"

    @property
    def lists(self) -> Path:
        """The lists of customers and items that the shop uploads, a CSV file each."""
        return self.root / "lists"

    @property
    def demo(self) -> Path:
        """As whom one can look at the demo shop, and the key of its pages."""
        return self.root / "demo.json"

    @property
    def webhooks(self) -> Path:
        """The webhooks that the shop's other systems send, a YAML file each."""
        return self.root / "webhooks"

    @property
    def triggers(self) -> Path:
        """The endpoints that are notified of transitions."""
        return self.root / "triggers.yml"

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

    def history_record(self, run_slug: str) -> Path:
        return self.history / f"{run_slug}.json"

    @property
    def rule_files(self) -> Path:
        """Copies of the rule files that deployments were made by, a folder a set."""
        return self.serving / "rules"

    @property
    def overrides(self) -> Path:
        return self.serving / "state"

    @property
    def keys(self) -> Path:
        """The API keys, hashed."""
        return self.serving / "keys"

    @property
    def console(self) -> Path:
        """What the console keeps of its sessions."""
        return self.serving / "console"

    @property
    def console_secret(self) -> Path:
        """What signs the sessions of the console; whoever can read it can be anybody there."""
        return self.console / "session.key"

    @property
    def console_ended_sessions(self) -> Path:
        """An empty file for each session that its owner has ended, for as long as its cookie could count."""
        return self.console / "ended"

    @property
    def override_audit(self) -> Path:
        """Who changed which override, a line each."""
        return self.serving / "override_audit.jsonl"

    @property
    def restrictions(self) -> Path:
        return self.serving / "restrictions"

    @property
    def item_changes(self) -> Path:
        """What the shop said of stock and prices since its newest catalogue."""
        return self.serving / "item_changes"

    @property
    def live_states(self) -> Path:
        return self.serving / "live"

    @property
    def decision_log(self) -> Path:
        """The log of impressions."""
        return self.serving / "decision_log"

    @property
    def event_log(self) -> Path:
        """The log of received events."""
        return self.serving / "event_log"

    @property
    def transitions(self) -> Path:
        """The log of entries into segments and exits from them; `land` does not take its files."""
        return self.serving / "transitions"

    @property
    def spool(self) -> Path:
        """Received events that wait for the broker, which was away."""
        return self.serving / "spool"

    @property
    def kafka(self) -> Path:
        """Data and log of the broker that `make kafka` runs."""
        return self.root / "kafka"

    @property
    def notification_queues(self) -> Path:
        """Notifications on their way and dead letters, a file for each endpoint."""
        return self.serving / "notifications"

    def notification_queue(self, endpoint_id: str) -> Path:
        return self.notification_queues / f"{endpoint_id}.sqlite"

    @property
    def stream(self) -> Path:
        """What the stream keeps beside what has landed: how far it has come, and the open days."""
        return self.root / "stream"

    @property
    def landed_offsets(self) -> Path:
        """How far topics have landed."""
        return self.stream / "landed.json"

    @property
    def stream_checkpoint(self) -> Path:
        """Spark's checkpoint of the query that brings events into the lake."""
        return self.stream / "checkpoint"

    @property
    def membership_checkpoints(self) -> Path:
        """Spark's checkpoints of the query that decides memberships, a folder for each snapshot."""
        return self.stream / "memberships"

    @property
    def stream_lock(self) -> Path:
        """Held by the one stream of the home."""
        return self.stream / "stream.lock"

    @property
    def open_days(self) -> Path:
        """Events of days that no night has closed: a lake for each day on which they were received."""
        return self.stream / "days"

    @property
    def stream_progress(self) -> Path:
        """What the last batches of the stream did, for people and for metrics."""
        return self.stream / "progress.json"

    @property
    def landed_events(self) -> Path:
        """Finished files of the event log, a folder for each landing date."""
        return self.landing / "live" / "events"

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

    @property
    def linkage_state(self) -> Path:
        """The people compared so far, and what came of it."""
        return self.identity / "linkage.duckdb"

    def reports(self, run_slug: str) -> Path:
        """The folder of a run's reports."""
        return self.root / "reports" / run_slug

    def model_report(self, run_slug: str) -> Path:
        """Why a model was accepted or refused; `train` writes it."""
        return self.reports(run_slug) / "model.json"

    def list_report(self, run_slug: str) -> Path:
        """What the list gate saw; `publish` writes it."""
        return self.reports(run_slug) / "lists.json"

    def segment_corrections_report(self, run_slug: str) -> Path:
        """Which published memberships a night corrects, and why; `export` writes it."""
        return self.reports(run_slug) / "segment_corrections.json"

    def live_parity_report(self, snapshot: str) -> Path:
        """What live segments said at the end of a day against what a night says of it; the service writes it.

        Args:
            snapshot: the night's, by name.
        """
        return self.reports(snapshot) / "live_parity.json"

    def identity_report(self, run_slug: str) -> Path:
        """The identities of a run on one page; `identify` writes it."""
        return self.reports(run_slug) / "identity.html"

    @property
    def summary(self) -> Path:
        """The run summary of the last night."""
        return self.root / "summary.json"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    @property
    def step_log(self) -> Path:
        """The log lines of all steps."""
        return self.logs / "steps.jsonl"

    @property
    def failure_log(self) -> Path:
        """A line for every task that failed."""
        return self.logs / "failures.jsonl"

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
    def airflow_database(self) -> Path:
        return self.airflow / "airflow.db"

    @property
    def scheduler_lock(self) -> Path:
        return self.airflow / ".scheduler.lock"

    def airflow_task_log(self, dag_id: str, run_id: str, task_id: str, try_number: int) -> Path:
        """The log of one try of a task, as Airflow names it."""
        task = f"dag_id={dag_id}/run_id={run_id}/task_id={task_id}"
        return self.airflow / "logs" / task / f"attempt={try_number}.log"

    @property
    def shop_clock(self) -> Path:
        return self.airflow / "shop_clock.json"

    def scoring(self, run_slug: str) -> Path:
        """Finished partitions of a scoring, until it ends."""
        return self.root / "scoring" / run_slug

    @property
    def engine(self) -> Path:
        """What a night's engine and its steps tell each other."""
        return self.root / "engine"

    @property
    def engine_record(self) -> Path:
        """Which process is the engine, where it answers, and the token it wants."""
        return self.engine / "engine.json"

    @property
    def engine_client(self) -> Path:
        """There while a step uses the engine; a step that was killed leaves it behind."""
        return self.engine / "client.json"

    @property
    def engine_log(self) -> Path:
        """What the engine printed while it came up."""
        return self.log("engine")

    @property
    def shared_objects(self) -> Path:
        """What Spark's tasks of the running step share."""
        return self.engine / "shared"

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

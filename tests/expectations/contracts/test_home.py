"""One module knows where the files of a home lie; nobody else joins the names of its folders and files."""

import re
from pathlib import Path

import pytest

from expectations.contracts.home import HomePaths

ROOT = Path(__file__).parents[3]
PACKAGES = (
    "benchmarks",
    "dags",
    "expectations",
    "models",
    "operate",
    "segments",
    "serving_app",
    "spark_jobs",
)
OWN = ROOT / "expectations" / "contracts" / "home.py"
HOME = HomePaths(Path("/shop"))
PATHS = [getattr(HOME, name) for name, kind in vars(HomePaths).items() if isinstance(kind, property)] + [
    HOME.export("run"),
    HOME.history_record("run"),
    HOME.identity_report("run"),
    HOME.list_report("run"),
    HOME.live_parity_report("run"),
    HOME.load("run"),
    HOME.log("run"),
    HOME.model_report("run"),
    HOME.notification_queue("run"),
    HOME.reports("run"),
    HOME.scoring("run"),
    HOME.segment_corrections_report("run"),
    HOME.segment_definition("run"),
    HOME.warehouse_build("run"),
    HOME.airflow_task_log("nightly", "run", "land", 1),
]
PARTS = [path.relative_to(HOME.root).parts for path in PATHS]


def one_of(names):
    return f"(?:{'|'.join(map(re.escape, sorted(names)))})"


TOP = one_of({parts[0] for parts in PARTS})
INNER = one_of({parts[1] for parts in PARTS if len(parts) > 1 and "." not in parts[1]})
FILES = one_of({parts[-1] for parts in PARTS if "." in parts[-1] and "run" not in parts[-1]})
JOINED = re.compile(
    "|".join(
        (
            # `home / "lake"`, `settings.home / "mlflow"`, `Path("serving") / …`
            rf"""(?:\bhome\b|\bHOME\b|\bhomes\[\d\])\)?\s*/\s*f?["']{TOP}\b""",
            rf"""\bPath\("{TOP}"\)\s*/""",
            # `folder / "model.json"`, `f"sqlite:///{home}/mlflow/mlflow.db"`, `f"builds/{name}"`
            rf"""[/)\w\]]\s+/\s+f?["'](?:[\w/]+/)?{FILES}["']""",
            rf"""\}}/(?:[\w/]+/)?{FILES}\b""",
            rf"""\bhome\}}/{TOP}\b""",
            rf"""f["']{INNER}/\{{""",
            # `settings.paths.logs / f"{name}.log"`: a file's name joined to a folder of the home
            r"""(?:\bpaths|\bHomePaths\([^()]*(?:\(\))?\))\.\w+(?:\([\w.]*\))?\)?\s*/\s*f?["'][^"'/]*\.\w+["']""",
        )
    )
)
# Names of a format, not of a home: the LMDB file of a snapshot, the sample shop's own account of itself.
OF_A_FORMAT = ('"data.mdb"', 'truth / "shop.json"')


def test_no_other_module_joins_the_names_of_a_homes_folders_and_files():
    joined = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if path != OWN
        for match in JOINED.finditer(path.read_text())
        if not match[0].endswith(OF_A_FORMAT)
    ]
    assert not joined, f"ask expectations.contracts.home.HomePaths instead: {joined}"


@pytest.mark.parametrize(
    "code",
    [
        'home / "lake"',
        'settings.home / "reports"',
        'Path("serving") / "state"',
        'HOME / "logs"',
        'f"sqlite:///{home}/mlflow/mlflow.db"',
        'link, target = HomePaths(home).warehouse_file, f"builds/{record.warehouse_file}"',
        'settings.paths.dbt_development / "warehouse.duckdb"',
        "f\"{settings.paths.dbt_development / 'warehouse.duckdb'}\"",
        'link_people(folder / "linkage.duckdb", people)',
        'read_report(HomePaths(home).reports(run_slug) / "model.json")',
        'reports / "lists.json"',
        'folder / "identity.html"',
        'sqlite3.connect(airflow_home / "airflow.db", timeout=30)',
        'settings.paths.logs / f"backfill-{first}.log"',
    ],
)
def test_a_join_is_found(code):
    assert JOINED.search(code)


def test_every_path_lies_in_the_home():
    assert all(path.is_relative_to("/shop") for path in PATHS)
    assert len(set(PATHS)) == len(PATHS)


def test_every_path_is_looked_at():
    methods = [name for name, kind in vars(HomePaths).items() if callable(kind) and not name.startswith("_")]
    properties = [name for name, kind in vars(HomePaths).items() if isinstance(kind, property)]
    assert len(PATHS) == len(methods) + len(properties)


def test_the_names_of_files_stay():
    """Homes that exist are read by these names."""
    assert {path.relative_to("/shop").as_posix() for path in PATHS if path.suffix} == {
        ".publish.lock",
        ".step.lock",
        ".step.txt",
        "airflow/.scheduler.lock",
        "airflow/airflow.db",
        "airflow/logs/dag_id=nightly/run_id=run/task_id=land/attempt=1.log",
        "airflow/shop_clock.json",
        "demo.json",
        "engine/client.json",
        "engine/engine.json",
        "identity/decisions.csv",
        "identity/linkage.duckdb",
        "identity/model.json",
        "logs/engine.log",
        "logs/failures.jsonl",
        "logs/run.log",
        "logs/steps.jsonl",
        "mlflow/mlflow.db",
        "placements.yml",
        "published.json",
        "reports/run/identity.html",
        "reports/run/lists.json",
        "reports/run/live_parity.json",
        "reports/run/model.json",
        "reports/run/segment_corrections.json",
        "segments/changes.jsonl",
        "segments/run.yml",
        "serving/console/session.key",
        "serving/history/run.json",
        "serving/notifications/run.sqlite",
        "serving/override_audit.jsonl",
        "serving/production.jsonl",
        "stream/landed.json",
        "stream/progress.json",
        "stream/stream.lock",
        "summary.json",
        "triggers.yml",
        "warehouse/builds/run.duckdb",
        "warehouse/concierge.duckdb",
        "warehouse/dbt/building.duckdb",
        "warehouse/development/warehouse.duckdb",
        "warehouse/docs/copy.duckdb",
        "warehouse/docs/index.html",
        "warehouse/insights/copy.duckdb",
        "warehouse/insights/index.html",
    }
    assert HOME.warehouse_build("run", 2).name == "run.2.duckdb"

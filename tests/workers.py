"""Which tests share a worker of pytest-xdist, which begin first, and which `make test-fast` leaves out.

All is worked out from the fixtures that tests use, so that a new test finds its place by itself.
"""

import gc
import re
from functools import cache
from pathlib import Path

import psutil
import pytest
from xdist.scheduler import LoadFileScheduling

# A JVM, a browser, a server, npm, dbt, MLflow, millions of real rows, or a shop whose nights are written to
# disk: `make test-fast` does without. A test that makes one by itself is marked `slow` by hand.
SLOW = {
    "spark",
    "night",
    "kafka",
    "browser",
    "concierge",
    "built",
    "new_home",
    "node_clients",
    "redis_server",
    "snowflake",
    "empty_registry",
    "real_data",
    "tests/sample_shop::shop",
    "tests/spark_jobs/publish::shop",
}
SECONDS = {True: 2.0, False: 0.05}  # of a slow test, and of another: enough to tell long files from short
# What is dear enough to be made on one worker alone, and its seconds with those of the long tests that use
# it, by their folder.
MADE_ONCE = {
    "tests/dbt_project/": ("built", 80),
    "tests/serving_app/": ("node_clients", 20),
    "tests/spark_jobs/": ("trained", 60),
}
# Files that take far longer than their number of tests says, and their seconds: one that began last would
# keep a worker busy when the others have ended. With it 4 workers end after 527 s instead of 588, 8 after
# 266 instead of 350 (the durations of one run, put into this order).
LONG = {
    "tests/night/test_scheduled_night.py": 120,
    "tests/spark_jobs/engine/test_engine.py": 75,
    "tests/spark_jobs/ingest/test_deliveries.py": 70,
    "tests/dbt_project/test_snowflake_parity.py": 65,
    "tests/spark_jobs/ingest/test_order_of_days.py": 60,
    "tests/night/test_events_to_answer.py": 45,
    "tests/spark_jobs/ingest/test_live.py": 40,
    "tests/spark_jobs/stream/test_events_query.py": 40,
    "tests/spark_jobs/ingest/test_refused_share.py": 35,
    "tests/spark_jobs/ingest/test_line_numbers.py": 25,
    "tests/models/test_online_retail.py": 25,
    "tests/benchmarks/test_damage.py": 25,
    "tests/spark_jobs/warehouse/test_dbt.py": 20,
    "tests/spark_jobs/ingest/test_sample_shop.py": 20,
    "tests/benchmarks/test_dependencies.py": 20,
    "tests/serving_app/test_served_requests.py": 20,
}
ROOT = Path(__file__).resolve().parents[1]
GB_OF_A_WORKER = 4  # 2 GB of Spark's heap, as much again for the JVM besides, Python and what it starts


def pytest_xdist_auto_num_workers() -> int:
    """One worker a core, as far as the machine's memory goes."""
    return max(1, min(psutil.cpu_count(), int(psutil.virtual_memory().total / 2**30 / GB_OF_A_WORKER)))


class SchedulingByFixture(LoadFileScheduling):
    """A file goes to one worker whole, and so do all files that use the same thing of `MADE_ONCE`.

    Not xdist's own `loadgroup`: it needs a private attribute of test items that pytest 9.2 has no more, and
    without it every test goes alone.
    """

    def _split_scope(self, nodeid: str) -> str:
        return find_group(nodeid.partition("::")[0])


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling | None:
    return SchedulingByFixture(config, log) if config.getoption("dist") == "loadfile" else None


@cache
def find_group(file: str) -> str:
    """What is made once for the tests of a file, or the file's own name.

    Read off its text: who schedules has nothing but names.
    """
    for folder, (fixture, _) in MADE_ONCE.items():
        if file.startswith(folder) and re.search(rf"def \w+\([^)]*\b{fixture}\b", (ROOT / file).read_text()):
            return fixture
    return file


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if SLOW & find_fixtures(item):
            item.add_marker("slow")
    if hasattr(config, "workerinput"):
        put_longest_first(items)


def pytest_collection_finish() -> None:
    """Take what was imported and collected from the garbage collector: half a million objects, which stay
    to the end and which it looks through again and again, for 0.4 s each time.
    """
    gc.freeze()


def find_fixtures(item: pytest.Item) -> set[str]:
    """What a test uses, each by its name, and by its conftest's folder and name."""
    definitions = item._fixtureinfo.name2fixturedefs
    return {*definitions, *(f"{found[-1].baseid}::{name}" for name, found in definitions.items())}


def put_longest_first(items: list[pytest.Item]) -> None:
    """Order whole groups: what begins last should be short, or the other workers wait for it."""
    groups = [find_group(item.nodeid.partition("::")[0]) for item in items]
    seconds = dict.fromkeys(groups, 0.0) | LONG | dict(MADE_ONCE.values())
    for group, item in zip(groups, items, strict=True):
        seconds[group] += SECONDS[item.get_closest_marker("slow") is not None]
    order = sorted(range(len(items)), key=lambda n: (-seconds[groups[n]], groups[n], n))
    items[:] = [items[n] for n in order]

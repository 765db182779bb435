"""What tests share: one Spark session, a lake of their own, and where the real data lies."""

import logging
import os
import shutil
import uuid
from pathlib import Path

import hypothesis
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from benchmarks.snowflake_parity import run_stand_in
from expectations.contracts.tables import Table
from operate.kafka import running_kafka
from operate.topics import Topic, make_topics
from spark_jobs.lake.tables import Lake, build_arrow_schema

QUICK_ON_FIVE_ROWS = {
    "spark.sql.shuffle.partitions": "1",
    # Compiling a plan and its stages costs more than five rows do: without, an identify night takes half the
    # CPU seconds.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    # C1 alone gets 48 MB of code cache, and stops when that is full.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m",
}
# The same examples each time, so that a red test is red for whoever looks; HYPOTHESIS_PROFILE=search looks
# for new ones.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.register_profile("search", max_examples=1000, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
pytest_plugins = ["tests.workers"]
REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def spark():
    """One session for all tests: a JVM start costs 8 s. One core and one shuffle partition: rows keep their
    order.
    """
    from spark_jobs.lake.session import start_spark_session

    session = start_spark_session("tests", "local[1]", "2g", **QUICK_ON_FIVE_ROWS)
    yield session
    session.stop()
    # It says good-bye when Python ends, to a stream that pytest has closed; pytest's summary is to be the
    # last line.
    logging.getLogger("py4j").setLevel(logging.ERROR)


@pytest.fixture
def lake(spark, tmp_path) -> Lake:
    """An empty lake."""
    return Lake(tmp_path / "lake", spark)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory):
    """One broker for all tests of a worker, up in 3 s: `kafka.servers`. A test that stops it starts it again.

    Its jars are fetched when they are first needed.
    """
    with running_kafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture
def new_topic(kafka):
    """A function that makes a topic of this test alone; its name."""

    def make(partitions: int = 2) -> str:
        topic = Topic(f"test-{uuid.uuid4().hex[:12]}", "of a test", "any", partitions, retention_days=1)
        make_topics(kafka.servers, [topic])
        return topic.topic

    return make


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data; the test is skipped where it does not exist."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"needs the real data sets in {REAL_DATA}")
    return REAL_DATA


QUIET_CHROMIUM = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A headless browser calls itself one, and its events count as a crawler's. A context's own agent is not
    # enough: what is sent while a page closes goes under the browser's.
    "--user-agent=Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/140.0.0.0 Safari/537.36",
)


@pytest.fixture(scope="session")
def browser():
    """The system's Chromium, driven by Playwright; the test is skipped where there is none."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("needs Chromium (Debian: apt install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program, args=list(QUIET_CHROMIUM))
        yield opened
        opened.close()


@pytest.fixture
def look(browser, tmp_path):
    """A function that opens a page of a report and says what is wrong with what a person sees.

    Complaints of the browser, anything asked of another place, pictures that do not show, and content wider
    than the window.
    """

    def seen(path: Path, width: int) -> list[str]:
        page, wrong = browser.new_page(viewport={"width": width, "height": 900}), []
        page.on("console", lambda said: wrong.append(f"console: {said.text}"))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on(
            "request",
            lambda asked: asked.url.startswith(("file:", "data:")) or wrong.append(f"asks for {asked.url}"),
        )
        page.goto(path.as_uri())
        blank = page.evaluate("[...document.images].filter(i => !(i.complete && i.naturalWidth)).length")
        wrong += [f"{blank} pictures do not show"] if blank else []
        wide = page.evaluate("document.documentElement.scrollWidth")
        wrong += [f"{wide} pixels wide in a window of {width}"] if wide > width else []
        page.close()
        return wrong

    return seen


@pytest.fixture(scope="session")
def snowflake(tmp_path_factory):
    """Settings that reach Snowflake's stand-in: its HTTP protocol on DuckDB, spoken to by the real connector
    and dbt adapter.

    A function of the database's name, so that a test has one of its own. Stages lie in a folder of the tests.
    """
    with run_stand_in(tmp_path_factory.mktemp("stages")) as reach:
        yield lambda database: {
            **reach,
            "CONCIERGE_WAREHOUSE": "snowflake",
            "CONCIERGE_SNOWFLAKE_DATABASE": database,
        }


@pytest.fixture(scope="session")
def upsert():
    """A function that inserts and updates rows of a lake's table by key, as the lake does, without Spark."""

    def write(lake: Lake, table: Table, rows: list[dict]) -> None:
        if not lake.exists(table):
            DeltaTable.create(
                lake.path(table),
                build_arrow_schema(table),
                partition_by=[table.partition] if table.partition else None,
                configuration={"delta.enableChangeDataFeed": "true"},
            )
        new = pa.Table.from_pylist(rows, schema=build_arrow_schema(table))
        same = " and ".join(f"old.{name} = new.{name}" for name in table.key)
        merge = DeltaTable(lake.path(table)).merge(new, same, source_alias="new", target_alias="old")
        merge.when_matched_update_all().when_not_matched_insert_all().execute()

    return write


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory):
    """The port of a real Redis server, one for all tests of a worker; skipped with a sentence where there is
    none.
    """
    from benchmarks.soak.dependencies.redis_server import is_installed, run_redis

    if not is_installed():
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    with run_redis(tmp_path_factory.mktemp("redis")) as port:
        yield port


@pytest.fixture
def redis_port(redis_server):
    """The port of a Redis server that holds nothing."""
    import redis

    redis.Redis(port=redis_server).flushall()
    return redis_server

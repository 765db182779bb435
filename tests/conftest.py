"""What tests share: one Spark session, a lake of their own, and where the real data lies."""

import logging
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import hypothesis
import pytest

from spark_jobs.tables import Lake

QUICK_ON_FIVE_ROWS = {
    "spark.sql.shuffle.partitions": "1",
    # Compiling a plan and its stages costs more than five rows do: without, an identify night takes half the CPU seconds.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    # C1 alone gets 48 MB of code cache, and stops when that is full.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m",
}
# The same examples each time, so that a red test is red for whoever looks; HYPOTHESIS_PROFILE=search looks for new ones.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.register_profile("search", max_examples=1000, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def spark():
    """One session for all tests: a JVM start costs 8 s. One core and one shuffle partition: rows keep their order."""
    from spark_jobs.session import start

    session = start("tests", "local[1]", "2g", **QUICK_ON_FIVE_ROWS)
    yield session
    session.stop()
    # It says good-bye when Python ends, to a stream that pytest has closed; pytest's summary is to be the last line.
    logging.getLogger("py4j").setLevel(logging.ERROR)


@pytest.fixture
def lake(spark, tmp_path) -> Lake:
    """An empty lake."""
    return Lake(tmp_path / "lake", spark)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data; the test is skipped where it does not exist."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"needs the real data sets in {REAL_DATA}")
    return REAL_DATA


@pytest.fixture(scope="session")
def snowflake(tmp_path_factory):
    """Settings that reach Snowflake's stand-in: its HTTP protocol on DuckDB, spoken to by the real connector and dbt adapter.

    A function of the database's name, so that a test has one of its own. Stages lie in a folder of the tests.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "fakesnow", "-s", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path_factory.mktemp("stages"))},
    )  # fmt: skip
    try:
        for _ in range(300):
            assert server.poll() is None, "the stand-in for Snowflake ended at its start"
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        reach = {
            "CONCIERGE_WAREHOUSE": "snowflake", "CONCIERGE_SNOWFLAKE_ACCOUNT": "local", "CONCIERGE_SNOWFLAKE_USER": "loader",
            "CONCIERGE_SNOWFLAKE_PASSWORD": "not-a-secret", "CONCIERGE_SNOWFLAKE_WAREHOUSE": "SMALL",
            "CONCIERGE_SNOWFLAKE_HOST": "127.0.0.1", "CONCIERGE_SNOWFLAKE_PORT": str(port),
            "CONCIERGE_SNOWFLAKE_PROTOCOL": "http",
        }  # fmt: skip
        yield lambda database: {**reach, "CONCIERGE_SNOWFLAKE_DATABASE": database}
    finally:
        server.terminate()
        server.wait()

"""What tests share: one Spark session, a lake of their own, and where the real data lies."""

from pathlib import Path

import pytest

from spark_jobs.tables import Lake

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def spark():
    """One session for all tests: a JVM start costs 8 s. One core and one shuffle partition: rows keep their order."""
    from spark_jobs.session import start

    session = start("tests", "local[1]", "2g", **{"spark.sql.shuffle.partitions": "1"})
    yield session
    session.stop()


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

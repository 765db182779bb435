"""A session that is opened by its first use."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from expectations.contracts.lake import CORE_IDENTIFIERS
from spark_jobs.lake.session_on_demand import SessionOnDemand
from spark_jobs.lake.tables import Lake


@pytest.fixture
def events():
    return []


@pytest.fixture
def session(events):
    @contextmanager
    def open_session():
        events.append("opened")
        try:
            yield "a session"
        finally:
            events.append("closed")

    return SessionOnDemand(open_session)


def test_a_lake_that_needs_no_spark_opens_none(session, events, tmp_path):
    with session:
        lake = Lake(tmp_path, session)
        assert lake.read_arrow(CORE_IDENTIFIERS).num_rows == 0
        assert events == []
    assert events == []


def test_it_is_opened_once_and_closed_with_the_block(session, events, tmp_path):
    with pytest.raises(RuntimeError), session:
        lake = Lake(tmp_path, session)
        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(lambda _: lake.spark, range(20))) == {"a session"}
        assert events == ["opened"]
        raise RuntimeError
    assert events == ["opened", "closed"]

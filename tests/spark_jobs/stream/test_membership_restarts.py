"""The membership query follows what is published, and is started again when it failed. No Spark."""

import logging

import pytest

from expectations.contracts.published import Published
from spark_jobs.settings import Settings
from spark_jobs.stream.membership_upkeep import LOOKS_BETWEEN_STARTS, MembershipUpkeep
from spark_jobs.stream.progress import Progress
from tests.spark_jobs.stream.small_night import write_night


class Query:
    """A query that runs until it is stopped or fails."""

    isActive, lastProgress, error = True, None, None  # noqa: N815 - Spark's names

    def stop(self):
        self.isActive = False

    def fail(self, error):
        self.isActive, self.error = False, error

    def exception(self):
        return self.error


@pytest.fixture
def upkeep(tmp_path):
    values = {"CONCIERGE_HOME": str(tmp_path), "CONCIERGE_LIVE": "redis://127.0.0.1:1/0"}
    settings = Settings.from_environment(values)
    started = []

    def start(_spark, _settings, folder, *_):
        started.append((folder.name, Query()))
        return started[-1][1]

    upkeep = MembershipUpkeep(settings, None, Progress(settings.paths.stream_progress), start)
    settings.paths.stream.mkdir()
    upkeep.started = started
    upkeep.settings = settings
    return upkeep


def publish(upkeep, name):
    Published(name, "2026-01-04", "", name, "", "none", "").write(upkeep.settings.home)


def test_it_goes_on_from_each_published_snapshot(upkeep):
    paths = upkeep.settings.paths
    upkeep.look()
    assert upkeep.started == []  # nothing is published
    for name in ("one", "two"):
        write_night(paths.snapshots / name, "key")
        publish(upkeep, name)
        (paths.membership_checkpoints / name).mkdir(parents=True)
        upkeep.look()
        upkeep.look()
    assert [name for name, _ in upkeep.started] == ["one", "two"]
    assert [query.isActive for _, query in upkeep.started] == [False, True]
    assert [path.name for path in paths.membership_checkpoints.iterdir()] == ["two"]


def test_a_query_that_failed_is_started_again_after_a_while(upkeep, caplog):
    write_night(upkeep.settings.paths.snapshots / "one", "key")
    publish(upkeep, "one")
    upkeep.look()
    upkeep.started[0][1].fail(RuntimeError("the broker is away"))
    with caplog.at_level(logging.WARNING):
        for _ in range(LOOKS_BETWEEN_STARTS):
            upkeep.look()
    assert "the broker is away" in caplog.text
    assert len(upkeep.started) == 1
    upkeep.look()
    assert len(upkeep.started) == 2

"""Live segments over the databases that a shop has: the same from event to exit, whoever ends in between."""

import shutil

import pytest

from expectations.contracts.transitions import decode_transition
from serving_app.live.backends import BackendError
from serving_app.live.lmdb_store import LmdbBackend
from serving_app.live.redis_store import RedisBackend
from tests.serving_app.memberships.town import Town

MINUTE = 60_000_000


@pytest.fixture(params=["lmdb", "redis"])
def town(request, tmp_path):
    if request.param == "lmdb":
        return Town(tmp_path, lambda clock: LmdbBackend(tmp_path / "serving" / "live", clock))
    url = f"redis://127.0.0.1:{request.getfixturevalue('redis_port')}/0"

    def make_backend(clock):
        backend = RedisBackend(url, timeout_seconds=10)
        backend._worker = "one"  # a successor would wait for three seconds until the lead is free
        return backend

    return Town(tmp_path, make_backend)


def list_told(town):
    return [decode_transition(line) for line in town.log.lines]


def test_from_the_event_to_the_exit(town):
    town.send("cart", "regular", 0, is_twice=True)
    town.check()
    town.clock.move(minutes=9)
    town.keep()
    town.check()
    town.clock.move(minutes=2)
    town.check()  # an answer does not wait for the timer
    town.keep()
    town.check_told()
    entered, left = list_told(town)
    assert (left.reason, left.since - entered.since) == ("time", 10 * MINUTE + 1)


def test_a_purchase_ends_it_at_once_and_a_stranger_has_segments_too(town):
    for who in ("regular", "stranger"):
        town.send("cart", who, 0, is_twice=False)
        town.send("purchase", who, 0, is_twice=False)
        town.check()
    town.keep()
    assert [(one.is_entered, one.reason) for one in list_told(town)] == 2 * [
        (True, "event"),
        (False, "event"),
    ]


def test_a_new_night_and_a_restart(town):
    town.send("view", "stranger", 0, is_twice=False)
    for _ in range(3):
        town.send("view", "regular", 0, is_twice=False)
    town.restart()
    town.keep(8)
    town.check()
    town.clock.move(hours=14)
    town.absorbed = town.clock().date()
    town.absorbed = town.absorbed.replace(day=town.absorbed.day - 1)
    town.publish()
    town.check()
    town.keep(8)
    town.check()
    town.check_told()


def test_what_a_worker_had_told_before_it_ended_is_not_told_again(town, monkeypatch):
    """It ends after the line is in the log, and before it is out of the outbox."""
    town.send("cart", "regular", 0, is_twice=False)

    def end(entries):
        raise BackendError("ended")

    with monkeypatch.context() as patch:
        patch.setattr(town.backend, "empty_outbox", end)
        town.keep()
    assert len(town.log.lines) == 1
    town.restart()
    town.keep()
    assert len(town.log.lines) == 1
    town.check_told()


def test_a_database_begun_anew_learns_from_the_log_what_was_told(tmp_path):
    folder = tmp_path / "serving" / "live"
    town = Town(tmp_path, lambda clock: LmdbBackend(folder, clock))
    town.send("cart", "stranger", 0, is_twice=False)
    town.send("cart", "regular", 0, is_twice=False)
    town.keep()
    sent, told = list(town.events), list(town.log.lines)
    shutil.rmtree(folder)
    town.restart(is_filled=False)
    town.keep(4)
    town.live.record(sent)  # from the event log
    town.live.end_filling()
    town.keep(4)
    town.check()
    assert town.log.lines == told
    town.clock.move(minutes=11)
    town.keep(4)
    town.check_told()
    assert [one.is_entered for one in list_told(town)[len(told) :]] == [False, False]

"""Live states that were begun anew are filled from the event log: the same as before, without what a night
has absorbed.
"""

import pytest

from serving_app.intake import logged_events
from serving_app.intake.logged_events import find_log_files, refill_live_states, select_newest
from tests.serving_app.intake.sent_events import bought, send, viewed
from tests.serving_app.live.visits import read


def lose(shop, reason="it was cut off"):
    """Empty the database of live states."""
    shop.database.values.clear()
    shop.database.begun_anew = reason


def refill(shop, **limits):
    refill_live_states(shop.live, shop.snapshots, shop.home, shop.clock, **limits)


@pytest.fixture
def sent(shop):
    """What three visitors did, in three requests."""
    no = {"consent": {"categoryPreferences": {"personalization": False}}}
    send(shop, viewed("m-1", "item-05"), bought("m-2"), viewed("m-3", "item-06", anonymousId="b-2"))
    shop.clock.move(seconds=30)
    send(
        shop, viewed("m-4", "item-07", anonymousId="b-3", context=no), viewed("m-5", "no-such-call", type="x")
    )
    send(shop, viewed("m-6", "item-08", sentAt="2026-02-21T12:00:00Z", timestamp="2026-02-21T11:59:00Z"))
    return shop


WHO = [{"anonymous_id": "b-1"}, {"user_id": "u-1"}, {"anonymous_id": "b-2"}, {"anonymous_id": "b-3"}]


def test_the_states_are_as_before(sent):
    before = [read(sent, **who) for who in WHO]
    assert [len(state.events) for state in before] == [4, 4, 1, 0]
    lose(sent)
    assert [len(read(sent, **who).events) for who in WHO] == [0, 0, 0, 0]
    refill(sent)
    assert [read(sent, **who) for who in WHO] == before
    assert sent.live.find_known(["m-1", "m-6"]) == {"m-1", "m-6"}


def test_it_is_done_once_and_only_when_something_was_lost(sent):
    lose(sent, reason="")
    refill(sent)
    assert read(sent, anonymous_id="b-1").events == ()
    lose(sent)
    refill(sent)
    sent.database.values.clear()
    refill(sent)
    assert read(sent, anonymous_id="b-1").events == ()


def test_landed_files_of_days_that_no_night_has_absorbed_count(sent):
    """The published night is that of 20 February."""
    (file,) = (sent.home / "serving" / "event_log").glob("*.jsonl*")
    for day, n_events in (("2026-02-20", 0), ("2026-02-21", 4)):
        lose(sent)
        landed = sent.home / "landing" / "live" / "events" / day / "a.jsonl"
        landed.parent.mkdir(parents=True)
        landed.write_bytes(file.read_bytes())
        file.unlink(missing_ok=True)
        refill(sent)
        assert len(read(sent, anonymous_id="b-1").events) == n_events
        file = landed


def test_a_torn_line_costs_no_neighbour(sent):
    (file,) = (sent.home / "serving" / "event_log").glob("*.jsonl*")
    with file.open("ab") as out:
        out.write(b'[1]\n{"receivedAt": 7}\nnull\n{"type": "track", "eve')
    lose(sent)
    refill(sent)
    assert len(read(sent, anonymous_id="b-1").events) == 4


def test_only_so_much_is_read_the_newest_first(tmp_path):
    for name in "abc":
        (tmp_path / f"{name}.jsonl").write_bytes(b"x" * 10)
    files = sorted(tmp_path.glob("*.jsonl"))
    assert select_newest(files, 20) == files[1:] and select_newest(files, 9) == []
    files[1].unlink()
    assert select_newest(files, 20) == files, "it has moved meanwhile"


@pytest.mark.parametrize("is_finished", [False, True])
@pytest.mark.parametrize("place", ["serving/event_log", "landing/live/events/2026-02-21"])
def test_a_file_that_moves_after_it_was_found_is_read_where_it_is_by_then(
    sent, monkeypatch, place, is_finished
):
    """A worker finishes its file after a minute, a night lands it; the read of many files takes longer."""
    if is_finished:
        sent.stores.events.rotate(is_forced=True)

    def find_and_move(paths, after):
        files = find_log_files(paths, after)
        for file in files:
            name = file.name.removesuffix(".open")
            target = sent.home / place / name
            target.parent.mkdir(parents=True, exist_ok=True)
            file.rename(target)
        return files

    monkeypatch.setattr(logged_events, "find_log_files", find_and_move)
    lose(sent)
    refill(sent)
    assert len(read(sent, anonymous_id="b-1").events) == 4

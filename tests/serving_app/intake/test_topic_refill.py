"""Live states that were begun anew are filled from the topic of events too, for what has not landed yet."""

from datetime import UTC, datetime

import pytest

from serving_app.intake import logged_events
from serving_app.intake.logged_events import refill_live_states
from serving_app.storage.event_log import LogLine, LogUnavailable
from tests.serving_app.intake.sent_events import send, viewed
from tests.serving_app.live.visits import read

FIRST_MOMENT = datetime(2026, 2, 21, tzinfo=UTC)  # the published night is that of 20 February


class Topic:
    """A topic of two partitions in memory.

    Attributes:
        since: what was asked for.
    """

    def __init__(self):
        self.lines, self.is_away, self.since = ([], []), False, None

    def append_lines(self, lines, day=None, keys=None):
        for n, line in enumerate(lines):
            self.lines[n % 2].append(line)

    def find_end(self):
        if self.is_away:
            raise LogUnavailable("away")
        return {str(n): len(lines) for n, lines in enumerate(self.lines)}

    def find_position(self, since):
        self.since = since
        return {"0": 0, "1": 0}

    def read_lines(self, position, most):
        unread = (
            LogLine(line, str(n), number)
            for n, lines in enumerate(self.lines)
            for number, line in enumerate(lines, 1)
            if number > position[str(n)]
        )
        return [*unread][:most]

    def describe_problem(self):
        return ""


@pytest.fixture
def topic(shop, monkeypatch):
    monkeypatch.setattr(logged_events, "READ_AT_ONCE", 2)
    topic = Topic()
    shop.use_stores(events=topic)
    send(shop, *(viewed(f"m-{n}", f"item-{n:02d}") for n in range(5)))
    return topic


def lose_and_refill(shop, topic):
    shop.database.values.clear()
    shop.database.begun_anew = "it was cut off"
    refill_live_states(shop.live, shop.snapshots, shop.home, shop.clock, topic=topic)
    return {event.item_id for event in read(shop, anonymous_id="b-1").events}


def test_the_states_are_as_before(shop, topic):
    before = read(shop, anonymous_id="b-1")
    assert lose_and_refill(shop, topic) == {f"item-{n:02d}" for n in range(5)}
    assert read(shop, anonymous_id="b-1") == before
    assert topic.since == FIRST_MOMENT


def test_what_has_landed_as_well_counts_once(shop, topic):
    landed = shop.home / "landing" / "live" / "events" / "2026-02-21" / "a.jsonl"
    landed.parent.mkdir(parents=True)
    landed.write_bytes(b"\n".join([*topic.lines[0], b""]))
    before = read(shop, anonymous_id="b-1")
    lose_and_refill(shop, topic)
    assert read(shop, anonymous_id="b-1") == before
    topic.is_away = True
    assert lose_and_refill(shop, topic) == {"item-00", "item-02", "item-04"}, "what has landed, at least"


def test_of_too_many_the_newest_are_read(shop, topic, monkeypatch):
    monkeypatch.setattr(logged_events, "MOST_LINES", 4)
    assert lose_and_refill(shop, topic) == {f"item-{n:02d}" for n in range(1, 5)}

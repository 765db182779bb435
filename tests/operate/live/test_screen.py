"""What the screen of `make live` says: sums, quantiles, and whether events are missing."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO

from rich.console import Console

from operate.live.screen import (
    Reading,
    describe_balance,
    describe_line,
    describe_seconds,
    draw_screen,
)
from operate.live.shoppers import Traffic
from operate.live.transitions import TransitionFollower, read_events
from operate.visitors import RunningService

MOMENT = datetime(2026, 1, 5, 12, tzinfo=UTC)


def follow(*told: tuple[str, str, str]) -> TransitionFollower:
    follower = TransitionFollower(RunningService("http://127.0.0.1:1", ""))
    for n, (segment_id, kind, reason) in enumerate(told):
        transition = {"customer_id": f"{n:020d}", "segment_id": segment_id, "type": kind, "reason": reason}
        follower.add({**transition, "since": MOMENT.isoformat()}, MOMENT + timedelta(seconds=0.25))
    return follower


def read(reading: Reading) -> str:
    out = StringIO()
    Console(file=out, width=120).print(draw_screen(reading, "http://127.0.0.1:8080"))
    return out.getvalue()


def test_the_screen_shows_stages_segments_and_the_newest():
    traffic = Traffic(Counter(accepted=90, quarantined=10, duplicate=3), 2, 7, [0.01] * 99 + [0.5])
    told = follow(
        ("fresh_cart", "entered", "event"), ("fresh_cart", "left", "time"), ("loyal", "entered", "night")
    )
    text = read(Reading(10.0, 50, traffic, told, {"n_lines": 80, "events_behind": 20, "seconds": 1.25}))
    for words in (
        "50 shoppers",
        "10 a second, 7 visits ended; a list takes 10 ms (p99 10), 2 requests failed",
        "20 behind, the last batch took 1.2 s",
        "left fresh_cart",
        "time passed",
        "0.25 s",
    ):
        assert words in text
    lines = [line.split() for line in text.splitlines()]
    assert ["fresh_cart", "1", "1"] in lines and ["loyal", "1", "0"] in lines


def test_before_anything_has_happened_it_says_so():
    reading = Reading(0.0, 1, Traffic(), follow())
    assert "Spark starts" in read(reading)
    assert describe_line(reading) == (
        "0 s: 0 events taken, 0 read by the stream; 0 entries, 0 exits; a list takes –"
    )


def test_half_and_99_of_100_are_those_of_the_sorted_seconds():
    assert describe_seconds([n / 1000 for n in range(101, 0, -1)]) == "51 ms (p99 100)"


def test_missing_events_are_told():
    assert describe_balance(1_200, 1_200) == "All 1,200 events that the service took are in the lake."
    assert "does not add up" in describe_balance(1_200, 1_199)


def test_server_sent_events_are_read_with_their_ids():
    lines = [
        ": here",
        "",
        "id: a:1",
        "event: segment.entered",
        'data: {"n": 1}',
        "",
        "id: a:2",
        "data: 2",
        "",
    ]
    assert list(read_events(lines)) == [("a:1", '{"n": 1}'), ("a:2", "2")]

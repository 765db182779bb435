"""What is in the topic is in the lakes of its days, each event once, and in the night's as from files."""

import json
from datetime import timedelta

import pytest

from expectations.contracts.lake import CORE_CONSENTS, CORE_EVENTS, CORE_IDENTIFIERS, QUARANTINE
from expectations.contracts.published import Published
from expectations.contracts.tables import Table
from spark_jobs.ingest.deliveries import DeliveryManifest
from spark_jobs.lake.tables import Lake
from spark_jobs.sources.topic_landing import TopicLanding
from spark_jobs.stream.progress import Progress
from tests.spark_jobs.stream.conftest import MONDAY, KilledHere, StreamedShop, make_event

PLACES = ("first_received", "delivery_id", "source_file", "source_line")  # which file it came by
TUESDAY, WEDNESDAY = (MONDAY + timedelta(days=n) for n in (1, 2))
REFUSED = {
    "quarantined": {"reason": "unknown_type", "detail": "event"},
    "raw_text": "{}",
    "source": "sample_shop",
}

NO = {"consent": {"categoryPreferences": {"personalization": False}}}
ORDER = {"order_id": "o1", "products": [{"product_id": "a"}, {"product_id": "b"}]}


def read_rows(lake: Lake, table: Table) -> list[str]:
    """The rows of a table without their places, as texts in order."""
    rows = lake.read_arrow(table)
    kept = rows.drop_columns([name for name in PLACES if name in rows.column_names])
    return sorted(json.dumps(row, default=str) for row in kept.to_pylist())


# Where the stream dies, in the order in which one batch comes there; before the call or behind it.
KILLS = (
    (TopicLanding, "_commit", "before"),  # files are written, and nobody knows of them
    (TopicLanding, "_commit", "behind"),  # they have landed, under hidden names
    (DeliveryManifest, "commit", "before"),  # all tables are written, and the manifest does not say so
    (Progress, "tell_batch", "behind"),  # all is done, and the checkpoint does not say so
)


def test_wherever_the_stream_is_killed_each_event_counts_once(shop):
    shop.send(*(make_event(n) for n in range(40)), make_event(3))
    for place, (owner, name, when) in enumerate(KILLS):
        shop.send(make_event(100 + place))  # behind the batch that is tried again
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(owner, name, make_deadly(getattr(owner, name), when))
            shop.stream_until_killed()
    shop.stream()
    sent = {json.loads(line)["messageId"] for line in shop.sent}
    assert shop.read_open_events() == sorted(sent)
    assert shop.read_raw_lines() == [len(shop.sent)]
    shop.forget_checkpoint()
    shop.send(make_event(200))
    shop.stream()
    assert shop.read_raw_lines() == [len(shop.sent)]


def test_what_has_landed_is_what_keeps_lines_from_being_doubled(shop):
    """The negative control of the test above."""
    shop.send(*(make_event(n) for n in range(40)))
    shop.stream()
    shop.forget_checkpoint()
    shop.settings.paths.landed_offsets.unlink()
    shop.send(*(make_event(n) for n in range(40, 45)))
    shop.stream()
    assert shop.read_raw_lines() == [40 + 45]
    assert shop.read_open_events() == sorted(f"m{n}" for n in range(45))  # by message id each is one still


def make_deadly(real, when: str):
    def die(*args, **more):
        if when == "behind":
            real(*args, **more)
        raise KilledHere("KilledHere")

    return die


def test_nights_are_the_same_whichever_way_the_events_came(shop, tmp_path):
    """The stream is a day ahead of the night, and lands what a night is late for."""
    by_files = StreamedShop(tmp_path / "files", shop.topic, shop.servers, shop.spark)
    monday = [
        *(make_event(n) for n in range(30)),
        make_event(4),  # sent twice
        make_event(50, userId="u1", context=NO),
        make_event(51, event="Order Completed", properties=ORDER),
        {**REFUSED, "receivedAt": "2026-01-05T13:00:00Z", "anonymousId": "a"},
    ]
    late = make_event(60, timestamp="2026-01-01T10:00:00Z")
    tuesday = [*(make_event(n, day=1) for n in range(100, 120)), make_event(4, day=1)]
    shop.send(*monday)
    shop.stream()
    shop.send(*tuesday[:10])
    shop.stream()
    shop.send(late)
    shop.stream()
    shop.send(*tuesday[10:])
    shop.stream()
    assert list(shop.list_open_lakes()) == [str(MONDAY), str(TUESDAY)]
    for name, day, events in (("1", MONDAY, [*monday, late]), ("2", TUESDAY, tuesday)):
        file = by_files.settings.paths.landed_events / str(day) / f"{name}.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"".join(json.dumps(event).encode() + b"\n" for event in events))
    for day in (0, 1):
        streamed, filed = shop.night(day), by_files.night(day)
        for table in (CORE_EVENTS, CORE_CONSENTS, CORE_IDENTIFIERS, QUARANTINE):
            assert read_rows(streamed, table) == read_rows(filed, table) != [], table.name
        published = Published(f"night {day}", str(MONDAY + timedelta(days=day)), "", "s", "", "none", "")
        published.write(shop.home)
        shop.send(make_event(200 + day, day=2))
        shop.stream()
        still_open = (TUESDAY, WEDNESDAY)[day:]
        assert list(shop.list_open_lakes()) == [str(each) for each in still_open]

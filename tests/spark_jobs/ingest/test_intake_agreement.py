"""What the service lets in, ingest takes, and reads the same of it: odd values in every field of an event.

The other way round need not hold: what the service refuses stands in quarantine with its reason.
"""

import copy
import json
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest

from benchmarks.soak.hostile.extremes import CONTROLS, NUMBERS, UNICODE, WHITE, WORDS
from benchmarks.soak.hostile.trials import list_trials, set_value
from expectations.contracts.event_format import TRACKED_EVENTS
from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.ids import normalise_id
from serving_app.intake.batches import SentEvent
from serving_app.intake.normal_form import normalise_event
from serving_app.intake.receipts import Receipt
from spark_jobs.sources.registry import load_sources
from tests.spark_jobs.ingest.conftest import KEY, LANDED

NOW = datetime(2026, 1, 5, 18, tzinfo=UTC)
N_EVENTS = 2_500  # of 6,900, which take half a minute; all were compared once
ODD_FIELDS = (
    "properties.product_id",
    "properties.price",
    "context.location.latitude",
    "properties.quantity",
    "context.timezone",
    "anonymousId",
    "context.location.longitude",
)
ODD = {**WHITE, **CONTROLS, **UNICODE, **WORDS, **NUMBERS}


@pytest.fixture(scope="module")
def sent():
    """Events as clients send them, each odd in one place."""
    events = [trial.record for trial in list_trials("sample_shop/events", date(2026, 1, 5), ["item-1"])]
    for number, name in enumerate(TRACKED_EVENTS):
        plain = {
            "type": "track",
            "event": name,
            "messageId": f"plain-{number}",
            "anonymousId": "b-1",
            "properties": {"product_id": "item-1", "order_id": "o-1", "query": "tea", "currency": "EUR"},
            "sentAt": "2026-01-05T17:00:00Z",
            "timestamp": "2026-01-05T16:59:00Z",
            "context": {"location": {"latitude": 48.1, "longitude": "11.5"}, "timezone": "Europe/Vienna"},
        }
        events.append(plain)
        for place, value in enumerate(ODD.values()):
            odd = {**copy.deepcopy(plain), "messageId": f"odd-{number}-{place}", "type": "track"}
            path = ODD_FIELDS[place % len(ODD_FIELDS)]
            odd["properties"] |= {"price": 1, "quantity": 1}
            events.append(set_value(odd, path, value))
    return random.Random(15).sample(events, N_EVENTS)


@pytest.fixture(scope="module")
def accepted(sent):
    """By their lines in the log, the events that the service lets in."""
    numbers = iter(range(1_000_000))
    receipt = Receipt(
        received_at=NOW,
        source="sample_shop",
        zone=ZoneInfo("UTC"),
        normalise_item_id=normalise_id,
        new_id=lambda: f"made-{next(numbers)}",
    )
    judged = [normalise_event(SentEvent(event), receipt) for event in sent]
    assert len(judged) > 1_000
    counts = Counter(one.flaw.reason if one.flaw else "accepted" for one in judged)
    assert counts["accepted"] > 300 and len(counts) > 6, counts
    return [one for one in judged if one.event]


def test_what_the_service_lets_in_ingest_takes(accepted, typed_by):
    source = next(one for one in load_sources(("sample_shop",)) if one.name == "live")
    feed = source.find_feed("events")
    lines = BytesIO(b"".join(one.line + b"\n" for one in accepted))
    records = list(feed.read_records(lines))
    assert [record.reason for record in records if record.reason] == []
    received = [dict(zip(feed.columns, record.values, strict=True)) for record in records]
    for record, values in zip(records, received, strict=True):
        values |= dict.fromkeys(record.wrong_kinds)  # as ingest leaves out a person's id that is none
    typed = typed_by(source, "events", received).select(
        "source_line",
        "reason",
        "detail",
        "event_type",
        "item_id",
        "quantity",
        "occurred_at",
        "order_id",
        "session_id",
        "user_identifier_id",
        "anonymous_identifier_id",
        "is_bot",
        "has_personalization_consent",
        "latitude",
        "longitude",
        "time_zone",
        "local_minute",
    )
    rows = typed.collect()
    refused = [
        (row.reason, row.detail, accepted[row.source_line - 1].line[:300]) for row in rows if row.reason
    ]
    assert refused == []
    assert len(rows) == sum(max(1, len(one.event.items)) for one in accepted)
    for row in rows:
        event = accepted[row.source_line - 1].event
        shown = accepted[row.source_line - 1].line[:300]
        assert row.occurred_at.replace(tzinfo=UTC) == event.occurred_at, shown
        assert row.item_id is None or row.item_id in [item.item_id for item in event.items], shown
        assert row.quantity is None or row.quantity in [item.quantity for item in event.items], shown
        assert (row.order_id, row.session_id) == (event.order_id, event.session_id), shown
        ours = (event.latitude, event.longitude, event.time_zone)
        assert (row.latitude, row.longitude, row.time_zone) == ours, shown
        if event.time_zone == "Europe/Vienna":  # an hour ahead in January
            clock = event.occurred_at + timedelta(hours=1)
            assert row.local_minute == 60 * clock.hour + clock.minute, shown
        # A blank in the place of an object is a no here and, where the blank is not ASCII, nothing there.
        ours, theirs = event.has_personalization_consent, row.has_personalization_consent
        assert ours == theirs or (ours is False and theirs is None), shown
        for kind, value, stored in (
            ("user_id", event.user_id, row.user_identifier_id),
            ("anonymous_id", event.anonymous_id, row.anonymous_identifier_id),
        ):
            assert stored == (hash_identifier(KEY, kind, "sample_shop", value) if value else None), shown


def test_the_check_would_see_a_difference(accepted, typed_by):
    """A negative control: a record that the service would not have let in is refused."""
    source = next(one for one in load_sources(("sample_shop",)) if one.name == "live")
    record = json.loads(accepted[0].line) | {
        "properties": json.dumps({"quantity": "a few", "product_id": "i"})
    }
    record = {name: value if isinstance(value, str) else json.dumps(value) for name, value in record.items()}
    assert [row.reason for row in typed_by(source, "events", [record]).collect()] == ["bad_number"]
    assert NOW.date() == LANDED

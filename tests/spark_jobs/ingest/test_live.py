"""Events that were sent to the service, beside those of the shop's own files: one customer, one event."""

import json
from datetime import date, datetime, timedelta

import pytest

from expectations.contracts.identifiers import hash_identifier
from tests.spark_jobs.ingest.conftest import KEY

MONDAY = date(2026, 1, 5)
CONTEXT = {"sessionId": "s1", "consent": {"categoryPreferences": {"personalization": True}}}


def event(message_id: str, day: int = 0, **more: object) -> dict:
    """A view as the service logs it, received on the n-th day from Monday."""
    at = f"{MONDAY + timedelta(days=day)}T12:00:00.000000Z"
    plain = {"type": "track", "event": "Product Viewed", "messageId": message_id, "anonymousId": "a1"}
    times = {"timestamp": at, "receivedAt": at, "source": "sample_shop"}
    return {**plain, **times, "properties": {"product_id": "tea"}, "context": CONTEXT, **more}


def bought(message_id: str, *products: str, **more: object) -> dict:
    properties = {"order_id": "o1", "products": [{"product_id": name, "quantity": 2} for name in products]}
    return event(message_id, event="Order Completed", properties=properties, **more)


def hashed(kind: str, value: str, source: str = "sample_shop") -> str:
    return hash_identifier(KEY, kind, source, value)


@pytest.fixture
def shop(home, as_json_lines, zipped, report):
    """A home, and functions that land what was sent and what its files hold, and run a night."""
    made = home("sample_shop")

    class Landed:
        rows, lake = made.rows, made.lake

        @staticmethod
        def send(day: int, *events: dict, file: str = "1") -> None:
            made.land(f"live/events/{MONDAY + timedelta(days=day)}/{file}.jsonl", as_json_lines(events))

        @staticmethod
        def hand_over(day: int, *events: dict) -> None:
            name = f"sample_shop/events/{MONDAY + timedelta(days=day)}/events.jsonl.gz"
            made.land(name, zipped(as_json_lines(events)))

        @staticmethod
        def night(first: int, last: int | None = None) -> dict[str, object]:
            days = [str(MONDAY + timedelta(days=n)) for n in (first, first if last is None else last)]
            reports = [each for each in made.night(*days) if each.detail.get("entity") == "events"]
            return {each.detail["source"]: each for each in reports if each.table_name == "core_events"}

    return Landed


def test_a_person_is_one_whether_seen_over_http_or_in_a_file(shop):
    shop.hand_over(0, event("file", userId="u1"))
    shop.send(0, event("live", userId="u1"), event("own", userId="u1", source="online_retail"))
    shop.night(0)
    rows = {row["event_id"]: row for row in shop.rows("core_events")}
    assert {name: (row["source"], row["id_source"]) for name, row in rows.items()} == {
        "file": ("sample_shop", "sample_shop"),
        "live": ("live", "sample_shop"),
        "own": ("live", "online_retail"),
    }
    of_shop = hashed("user_id", "u1"), hashed("anonymous_id", "a1")
    for name in ("file", "live"):
        assert (rows[name]["user_identifier_id"], rows[name]["anonymous_identifier_id"]) == of_shop
    elsewhere = hashed("user_id", "u1", "online_retail")
    assert rows["own"]["user_identifier_id"] == elsewhere != of_shop[0]
    known = {row["identifier_id"]: row["source"] for row in shop.rows("core_identifiers")}
    assert known[of_shop[0]] == known[of_shop[1]] == "sample_shop"
    assert known[elsewhere] == "online_retail"
    words = {(row["identifier_id"], row["source"], row["is_granted"]) for row in shop.rows("core_consents")}
    assert {(of_shop[0], source, True) for source in ("live", "sample_shop")} <= words


def test_a_message_that_comes_again_is_one_row(shop):
    """Within a file, an hour, 25 hours and 400 days later, in other files and other nights."""
    shop.send(0, event("m1"), event("m1"), event("m2"))
    shop.send(0, event("m1", timestamp="2026-01-05T13:00:00Z"), file="2")
    first = shop.night(0)["live"]
    assert (first.n_received, first.n_inserted, first.n_duplicate) == (4, 2, 2)
    before = shop.rows("core_events")
    for day in (1, 400):
        shop.send(day, event("m1", day))
        again = shop.night(day)["live"]
        assert (again.n_received, again.n_inserted, again.n_duplicate) == (1, 0, 1), day
    assert shop.rows("core_events") == before


def test_a_message_by_http_and_in_a_file_is_one(shop):
    """Whichever comes first; a repeat of a purchase adds no product."""
    shop.send(0, event("m1"), bought("m2", "tea"))
    shop.night(0)
    shop.hand_over(1, event("m1"), bought("m2", "tea", "cup"), event("m3"))
    by_file = shop.night(1)["sample_shop"]
    assert (by_file.n_received, by_file.n_inserted, by_file.n_duplicate) == (3, 1, 2)
    shop.send(2, event("m3"), event("m4"))
    shop.hand_over(2, event("m4"))
    both = shop.night(2)
    assert sum(each.n_inserted for each in both.values()) == 1
    # `1.jsonl` comes before `events.jsonl.gz`, so it takes the place of the same event in that file
    assert [(each.n_duplicate, each.n_updated) for each in both.values()] == [(0, 0), (1, 1)]
    assert [row["event_id"] for row in shop.rows("core_events")] == ["m1", "m2#1", "m3", "m4"]


def test_a_file_that_comes_late_rebuilds_its_source_alone(shop):
    shop.hand_over(0, event("m1"))
    shop.send(1, event("m2", 1))
    shop.night(0, 1)
    shop.send(0, event("m1"), event("m3"), event("m2"), file="late")
    late = shop.night(0)["live"]
    outcomes = late.n_received, late.n_inserted, late.n_updated, late.n_duplicate
    assert outcomes == (3, 1, 1, 1), "m3 is new, m2 came earlier than was known, m1 is in a file"
    rows = {row["event_id"]: row for row in shop.rows("core_events")}
    assert {name: row["source"] for name, row in rows.items()} == {
        "m1": "sample_shop",
        "m2": "live",
        "m3": "live",
    }
    assert rows["m2"]["first_received"].startswith("2026-01-05/late"), "the earliest arrival is the event"


def test_what_the_service_refused_is_in_quarantine_and_its_no_is_heard(shop):
    no = {"consent": {"categoryPreferences": {"personalization": False}}}
    sent = json.dumps({"type": "track", "event": "Lottery", "userId": "u9", "context": no})
    at = "2026-01-05T12:00:00.000000Z"
    envelope = {"source": "sample_shop", "receivedAt": at, "raw_text": sent}
    shop.send(0, event("m1"), {"quarantined": {"reason": "unknown_type", "detail": "event"}, **envelope})
    done = shop.night(0)["live"]
    assert (done.n_received, done.n_inserted, done.n_quarantined) == (2, 1, 1)
    [refused] = shop.rows("quarantine")
    assert (refused["source"], refused["reason"], refused["raw_text"]) == ("live", "unknown_type", sent)
    word = next(row for row in shop.rows("core_consents") if not row["is_granted"])
    assert (word["identifier_id"], word["consented_at"]) == (
        hashed("user_id", "u9"),
        datetime.fromisoformat(at),
    )
    assert hashed("user_id", "u9") not in {row["identifier_id"] for row in shop.rows("core_identifiers")}

    # Read again from the raw table, which holds no reasons: refused all the same.
    shop.send(0, {"quarantined": {"reason": "too_large", "detail": ""}, **envelope}, file="0")
    shop.night(0)
    assert [row["event_id"] for row in shop.rows("core_events")] == ["m1"]


def test_a_day_of_nothing_but_rubbish_fails_no_run(shop):
    refused = {"quarantined": {"reason": "not_parseable", "detail": ""}, "raw_text": "{"}
    shop.send(0, *[refused] * 30)
    assert shop.night(0)["live"].failure is None


def test_a_crawlers_events_are_kept_and_nobody_is_made_of_them(shop):
    crawler = {"context": CONTEXT | {"isBot": True}, "anonymousId": "crawler"}
    shop.send(0, event("m1"), event("m2", **crawler), event("m3", userId="u1", **crawler))
    shop.night(0)
    assert {row["event_id"]: row["is_bot"] for row in shop.rows("core_events")} == {
        "m1": False,
        "m2": True,
        "m3": True,
    }
    assert [row["identifier_id"] for row in shop.rows("core_identifiers")] == [hashed("anonymous_id", "a1")]


def test_calls_become_types_and_an_alias_joins_what_it_names(shop):
    shop.send(
        0,
        event("m1", type="alias", userId="u1", previousId="before", anonymousId=None),
        event("m2", type="screen"),
        event("m3", type="group", groupId="g"),
        event("m4", event="Product Removed"),
        event("m5", event="Product Clicked"),
        event("m6", userId=None, claimedUserId="victim"),
    )
    shop.night(0)
    rows = {row["event_id"]: row for row in shop.rows("core_events")}
    assert [(name, row["event_type"], row["item_id"]) for name, row in rows.items()] == [
        ("m1", "alias", None),
        ("m2", "screen", None),
        ("m3", "group", None),
        ("m4", "uncart", "tea"),
        ("m5", "click", "tea"),
        ("m6", "view", "tea"),
    ]
    assert rows["m1"]["anonymous_identifier_id"] == hashed("anonymous_id", "before")
    assert rows["m6"]["user_identifier_id"] is None
    assert hashed("user_id", "victim") not in {row["identifier_id"] for row in shop.rows("core_identifiers")}

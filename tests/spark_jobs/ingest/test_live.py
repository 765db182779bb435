"""Events that were sent to the service, beside those of the shop's own files: one customer, one event."""

import gzip
import json
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from expectations.contracts.identifiers import hash_identifier
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import TableReport
from tests.spark_jobs.ingest.conftest import KEY, Home

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


class Shop:
    """A home that events are sent to and files handed over to, and its nights."""

    def __init__(self, folder: Path, spark: SparkSession) -> None:
        self.home = Home(folder, Lake(folder / "lake", spark), "sample_shop")
        self.rows = self.home.rows

    def send(self, day: int, *events: dict, file: str = "1") -> None:
        self.home.land(f"live/events/{MONDAY + timedelta(days=day)}/{file}.jsonl", as_json_lines(events))

    def hand_over(self, day: int, *events: dict) -> None:
        name = f"sample_shop/events/{MONDAY + timedelta(days=day)}/events.jsonl.gz"
        self.home.land(name, gzip.compress(as_json_lines(events), mtime=0))

    def night(self, first: int, last: int | None = None) -> dict[str, TableReport]:
        """A night over some days; the report of events by source."""
        days = [str(MONDAY + timedelta(days=n)) for n in (first, first if last is None else last)]
        reports = [each for each in self.home.night(*days) if each.detail.get("entity") == "events"]
        return {each.detail["source"]: each for each in reports if each.table_name == "core_events"}

    def events(self, prefix: str) -> dict[str, dict]:
        """The rows of events by id, of those whose id begins so."""
        return {
            row["event_id"]: row for row in self.rows("core_events") if row["event_id"].startswith(prefix)
        }

    def identifiers(self) -> dict[str, str | None]:
        """The source of each identifier by its id."""
        return {row["identifier_id"]: row["source"] for row in self.rows("core_identifiers")}


def as_json_lines(rows: tuple[dict, ...]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@pytest.fixture
def shop(spark, tmp_path) -> Shop:
    return Shop(tmp_path / "home", spark)


NO = {"consent": {"categoryPreferences": {"personalization": False}}}
LOTTERY = json.dumps({"type": "track", "event": "Lottery", "userId": "u9", "context": NO})
AT = "2026-01-05T12:00:00.000000Z"
ENVELOPE = {"source": "sample_shop", "receivedAt": AT, "raw_text": LOTTERY}
CRAWLER = {"context": CONTEXT | {"isBot": True}, "anonymousId": "crawler"}
RUBBISH = {"quarantined": {"reason": "not_parseable", "detail": ""}, "raw_text": "{"}


@pytest.fixture(scope="module")
def monday(spark, tmp_path_factory) -> Shop:
    """A shop after a night with events of many kinds, which are asked for by the beginnings of their ids."""
    shop = Shop(tmp_path_factory.mktemp("monday") / "home", spark)
    shop.hand_over(0, event("one-file", userId="u1"))
    shop.send(
        0,
        event("one-live", userId="u1"),
        event("one-own", userId="u1", source="online_retail"),
        {"quarantined": {"reason": "unknown_type", "detail": "event"}, **ENVELOPE},
        event("bot-1", **CRAWLER),
        event("bot-2", **CRAWLER | {"userId": "u-bot"}),
        event("call-1", type="alias", userId="u2", previousId="before", anonymousId=None),
        event("call-2", type="screen"),
        event("call-3", type="group", groupId="g"),
        event("call-4", event="Product Removed"),
        event("call-5", event="Product Clicked"),
        event("call-6", userId=None, claimedUserId="victim"),
    )
    shop.first_night = shop.night(0)["live"]
    return shop


def test_a_person_is_one_whether_seen_over_http_or_in_a_file(monday):
    rows = monday.events("one-")
    assert {name: (row["source"], row["id_source"]) for name, row in rows.items()} == {
        "one-file": ("sample_shop", "sample_shop"),
        "one-live": ("live", "sample_shop"),
        "one-own": ("live", "online_retail"),
    }
    of_shop = hashed("user_id", "u1"), hashed("anonymous_id", "a1")
    for name in ("one-file", "one-live"):
        assert (rows[name]["user_identifier_id"], rows[name]["anonymous_identifier_id"]) == of_shop
    elsewhere = hashed("user_id", "u1", "online_retail")
    assert rows["one-own"]["user_identifier_id"] == elsewhere != of_shop[0]
    known = monday.identifiers()
    assert known[of_shop[0]] == known[of_shop[1]] == "sample_shop"
    assert known[elsewhere] == "online_retail"
    words = {(row["identifier_id"], row["source"], row["is_granted"]) for row in monday.rows("core_consents")}
    assert {(of_shop[0], source, True) for source in ("live", "sample_shop")} <= words


def count(report: TableReport) -> tuple[int, int, int]:
    return report.n_received, report.n_inserted, report.n_duplicate


def test_a_message_that_comes_again_is_one_row(shop):
    """Within a file, an hour, a day and 400 days later, in other files and nights; by HTTP and in a file,
    whichever comes first. A repeat of a purchase adds no product.
    """
    shop.send(0, event("m1"), event("m1"), event("m2"), event("h1"), bought("h2", "tea"))
    shop.send(0, event("m1", timestamp="2026-01-05T13:00:00Z"), file="2")
    assert count(shop.night(0)["live"]) == (6, 4, 2)
    before = shop.rows("core_events")

    shop.send(1, event("m1", 1))
    shop.hand_over(1, event("h1"), bought("h2", "tea", "cup"), event("h3"))
    second = shop.night(1)
    assert (count(second["live"]), count(second["sample_shop"])) == ((1, 0, 1), (3, 1, 2))

    shop.send(2, event("h3"), event("h4"))
    shop.hand_over(2, event("h4"))
    shop.send(400, event("m1", 400))
    third = shop.night(2, 400)
    # `1.jsonl` comes before `events.jsonl.gz`, so it takes the place of the same event in that file
    outcomes = {source: (*count(each), each.n_updated) for source, each in third.items()}
    assert outcomes == {"sample_shop": (1, 1, 0, 0), "live": (3, 0, 2, 1)}
    after = shop.rows("core_events")
    assert [row["event_id"] for row in after] == ["h1", "h2#1", "h3", "h4", "m1", "m2"]
    assert [row for row in after if row["event_id"] not in ("h3", "h4")] == before


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


def test_what_the_service_refused_is_in_quarantine_and_its_no_is_heard(monday):
    done = monday.first_night
    assert (done.n_received, done.n_inserted, done.n_quarantined) == (10 + 1, 10, 1)
    [refused] = monday.rows("quarantine")
    assert (refused["source"], refused["reason"], refused["raw_text"]) == ("live", "unknown_type", LOTTERY)
    word = next(row for row in monday.rows("core_consents") if not row["is_granted"])
    assert (word["identifier_id"], word["consented_at"]) == (
        hashed("user_id", "u9"),
        datetime.fromisoformat(AT),
    )
    assert hashed("user_id", "u9") not in monday.identifiers()


def test_a_crawlers_events_are_kept_and_nobody_is_made_of_them(monday):
    assert {name: row["is_bot"] for name, row in monday.events("").items() if row["is_bot"]} == {
        "bot-1": True,
        "bot-2": True,
    }
    assert not monday.identifiers().keys() & {hashed("anonymous_id", "crawler"), hashed("user_id", "u-bot")}


def test_calls_become_types_and_an_alias_joins_what_it_names(monday):
    rows = monday.events("call-")
    assert [(name, row["event_type"], row["item_id"]) for name, row in rows.items()] == [
        ("call-1", "alias", None),
        ("call-2", "screen", None),
        ("call-3", "group", None),
        ("call-4", "uncart", "tea"),
        ("call-5", "click", "tea"),
        ("call-6", "view", "tea"),
    ]
    assert rows["call-1"]["anonymous_identifier_id"] == hashed("anonymous_id", "before")
    assert rows["call-6"]["user_identifier_id"] is None
    assert hashed("user_id", "victim") not in monday.identifiers()


def test_what_was_refused_stays_so_when_it_is_read_again(shop):
    """From the raw table, which holds no reasons, as of a file that came before it; a day of nothing but
    rubbish fails no run.
    """
    shop.send(0, *[RUBBISH] * 30)
    shop.send(1, {"quarantined": {"reason": "unknown_type", "detail": "event"}, **ENVELOPE}, event("m1"))
    rubbish = shop.night(0, 1)["live"]
    assert (rubbish.failure, rubbish.n_quarantined) == (None, 31)
    shop.send(1, {"quarantined": {"reason": "too_large", "detail": ""}, **ENVELOPE}, file="0")
    shop.night(1)
    assert list(shop.events("")) == ["m1"]

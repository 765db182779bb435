"""The same tables come out of any order of nights; what comes twice, late or changed lands where it belongs,
and only there.
"""

from datetime import date
from decimal import Decimal

import pytest

from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.lake import CORE_EVENTS, CORE_ITEM_CHANGES, CORE_PEOPLE
from spark_jobs.ingest.sources.sample_shop import ORDER_COLUMNS, PEOPLE_COLUMNS
from tests.spark_jobs.ingest.order_of_days import EVENTS, MONDAY, NOON, OTHERS, THURSDAY, TUESDAY


@pytest.fixture
def land(as_csv, as_json_lines, zipped):
    def put(home, *days: str) -> None:
        for day in days:
            home.land(f"sample_shop/events/{day}/events.jsonl.gz", zipped(as_json_lines(EVENTS[day])))
            for entity, rows in OTHERS.get(day, {}).items():
                content = (
                    as_json_lines(rows)
                    if entity == "catalogue"
                    else as_csv({"orders": ORDER_COLUMNS, "people": PEOPLE_COLUMNS}[entity], rows)
                )
                home.land(
                    f"sample_shop/{entity}/{day}/{entity}.{'jsonl' if entity == 'catalogue' else 'csv'}",
                    content,
                )

    return put


# Over 10 s: seven nights in three homes, whose every table has to come out the same.
def test_any_order_of_nights_gives_the_same_tables(home, land, report, caplog):
    whole, nightly, backwards = (
        home("sample_shop", "whole"),
        home("sample_shop", "nightly"),
        home("sample_shop", "backwards"),
    )
    land(whole, MONDAY, TUESDAY, THURSDAY)
    whole.night(MONDAY, THURSDAY)
    expected = whole.core()

    land(backwards, TUESDAY, THURSDAY)
    backwards.night(TUESDAY, THURSDAY)
    land(backwards, MONDAY)
    backwards.night(MONDAY)
    assert backwards.core() == expected

    land(nightly, MONDAY)
    nightly.night(MONDAY)
    land(nightly, TUESDAY)
    tuesday = nightly.night(TUESDAY)
    before = nightly.lake.version(CORE_EVENTS)
    land(nightly, THURSDAY)
    thursday = nightly.night(THURSDAY)
    assert nightly.core() == expected

    # What each night said became of its records.
    said = report(tuesday, "core_events")
    assert (said.n_received, said.n_inserted, said.n_duplicate, said.n_quarantined) == (5, 2, 2, 1)
    assert said.detail["reasons"] == {"unknown_type": 1}
    people = report(tuesday, "core_people")
    assert (people.n_received, people.n_updated, people.n_unchanged, people.detail["n_ended"]) == (3, 1, 2, 1)
    assert report(whole.nights[0], "core_people").n_superseded == 6
    short = {"day": THURSDAY, "n_keys": 2, "n_before": 3}
    assert report(thursday, "core_people").detail["suspicious_whole_files"] == [short]
    assert "of 2026-01-08 names 2, the one before 3: suspicious" in caplog.text

    # A late event touches the day it occurred on, by the table's own log; an event in time touched another
    # one.
    assert report(thursday, "core_events").touched_dates == [date(2026, 1, 5)]
    assert nightly.lake.find_changed_days(CORE_EVENTS, before) == {date(2026, 1, 5)}
    assert report(tuesday, "core_events").touched_dates == [date(2026, 1, 6)]

    # And a night again changes nothing.
    versions = nightly.lake.read_versions()
    again = nightly.night(MONDAY, THURSDAY)
    assert (again, nightly.lake.read_versions()) == ([], versions)
    check_content(expected)


# Over 10 s: five nights in two homes, one of them killed.
def test_a_catalogue_that_was_cut_off_tells_its_changes_all_the_same(home, as_json_lines):
    whole, cut = home("sample_shop", "whole"), home("sample_shop", "cut")
    for shop in (whole, cut):
        for day in (MONDAY, TUESDAY):
            shop.land(f"sample_shop/catalogue/{day}/catalogue.jsonl", as_json_lines(OTHERS[day]["catalogue"]))
        shop.night(MONDAY)
    whole.night(TUESDAY)
    cut.cut_off(TUESDAY)
    assert [row["price"] for row in cut.rows("core_items")] == [12, 20, 5, 9, 9, 9], (
        "the control: Tuesday's items are there"
    )
    # So is what the second attempt would compare them with; the first may have died before it wrote the
    # changes.
    cut.lake.replace(cut.lake.read(CORE_ITEM_CHANGES).where(f"changed_date < '{TUESDAY}'"), CORE_ITEM_CHANGES)
    cut.night(TUESDAY)
    assert cut.core() == whole.core()
    changed = {
        (row["item_id"], row["field"])
        for row in cut.rows("core_item_changes")
        if row["old_value"] is not None
    }
    assert changed == {("i1", "price"), ("i1", "n_stock"), ("i1", "is_in_stock"), ("i6", "is_recommendable")}


def check_content(core: dict[str, list[dict]]) -> None:
    """What the three days say, worked out by hand."""
    events = {row["event_id"]: row for row in core["core_events"]}
    assert set(events) == {
        "view",
        "skewed",
        "login",
        "buy#1",
        "buy#2",
        "twice",
        "twice#1",
        "fresh",
        "late",
        "buy##1",
    }, "what a repeat adds stays out"
    assert {name for name in events if events[name]["event_type"] == "purchase"} == {
        "buy#1",
        "buy#2",
        "twice#1",
    }
    assert {
        row["occurred_at"].replace(tzinfo=None)
        for name, row in events.items()
        if name not in ("fresh", "twice#1")
    } == {NOON}
    assert events["buy#2"]["item_id"] == "i2" and events["buy#2"]["order_id"] == "o1"
    assert events["view"]["first_received"] == "2026-01-05/events.jsonl.gz#000000001"
    assert (events["view"]["has_analytics_consent"], events["view"]["has_personalization_consent"]) == (
        True,
        False,
    )

    lines = {(row["order_id"], row["line_no"]): row for row in core["core_order_lines"]}
    assert {key: (row["line_type"], row["quantity"], row["amount"]) for key, row in lines.items()} == {
        ("o1", 1): ("sale", 2, Decimal(5)),
        ("o1", 2): ("sale", 2, Decimal(5)),
        ("r1", 1): ("return", -1, Decimal("-2.5")),
    }
    assert lines["r1", 1]["returned_order_id"] == "o1"

    people = {row["record_id"]: row for row in core["core_people"]}
    assert people["c1"]["email"] == "ann@new.example.org"
    assert people["c1"]["first_received"].startswith(TUESDAY)
    assert people["c2"]["first_received"].startswith(MONDAY), "it has said the same since Monday"
    check_consents(core["core_consents"])
    assert {key: row["ended_on"] for key, row in people.items() if row["ended_on"]} == {
        "c4": date(2026, 1, 6)
    }
    assert (
        not any(people["c4"][name] for name in (*CORE_PEOPLE.personal, "country"))
        and people["c4"]["email_identifier_id"]
    )
    assert people["c3"]["email"] == "cat@example.org", "what one short file lacks is not ended"

    items = {row["item_id"]: row for row in core["core_items"]}
    assert {
        key: (row["price"], row["is_in_stock"], row["first_seen_at"].day) for key, row in items.items()
    } == {
        "i1": (Decimal(12), False, 5),
        "i2": (Decimal(20), True, 5),
        "i3": (Decimal(5), True, 6),
        **{f"i{n}": (Decimal(9), True, 5) for n in (4, 5, 6)},
    }
    assert {key: row["ended_on"] for key, row in items.items() if not row["is_recommendable"]} == {
        "i3": date(2026, 1, 8)
    }
    changed = {
        (row["item_id"], row["field"]): (row["old_value"], row["new_value"])
        for row in core["core_item_changes"]
    }
    assert changed["i3", "title"] == (None, "I3")
    later = {
        (row["item_id"], row["field"]) for row in core["core_item_changes"] if row["old_value"] is not None
    }
    left_and_back = {("i6", "is_recommendable"), ("i6", "ended_on"), ("i3", "is_recommendable")}
    assert later == {("i1", "price"), ("i1", "n_stock"), ("i1", "is_in_stock")} | left_and_back
    of_i6 = [
        row
        for row in core["core_item_changes"]
        if (row["item_id"], row["field"]) == ("i6", "is_recommendable")
    ]
    assert [(row["changed_date"].day, row["new_value"]) for row in of_i6] == [
        (5, "true"),
        (6, "false"),
        (8, "true"),
    ]

    known = {row["identifier_id"]: row for row in core["core_identifiers"]}
    email = known[hash_identifier("a key of the tests", "email", "", "ann@example.org")]
    assert (email["value_normalised"], email["source"], email["first_seen_at"].day) == (
        "ann@example.org",
        None,
        5,
    )
    assert {row["kind"] for row in known.values()} == {"user_id", "anonymous_id", "crm_id", "email"}
    assert (
        lines["o1", 1]["email_identifier_id"] == email["identifier_id"] == people_id(core, "ann@example.org")
    )


def check_consents(words: list[dict]) -> None:
    """Four cards' marketing, for card and e-mail; the web's personalization and analytics, for user and
    browser.
    """
    days = sorted((row["purpose"], row["feed"], row["is_granted"], row["consented_at"].day) for row in words)
    assert days == [
        *[("analytics", "events", True, day) for day in (5, 5, 6, 6)],
        *[("marketing", "people", False, 6)] * 2,
        *[("marketing", "people", True, 5)] * 8,
        *[("personalization", "events", False, day) for day in (5, 5, 6, 6)],
        *[("personalization", "events", True, 6)] * 2,
    ]
    assert {row["consented_at"].hour for row in words} == {12}


def people_id(core: dict[str, list[dict]], email: str) -> str:
    """The id under which the identifiers know an e-mail."""
    return next(row["identifier_id"] for row in core["core_identifiers"] if row["value_normalised"] == email)

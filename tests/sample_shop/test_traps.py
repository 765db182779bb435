"""Traps of identity: each one named in the truth and no other there, nobody behind it, and nothing else
changed by them.
"""

import csv
import gzip
import re
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date

import pyarrow.parquet as pq
import pytest

from sample_shop import traps
from sample_shop.judge import Judge
from sample_shop.shop import Shop
from sample_shop.traps import find_similar_email

EMAILS = {"test@test.com", "none@none.com", "noreply@shop.example"}
ZEROS = {"000000000", "+49 000 0000000"}
COOKIE, USER = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), re.compile("u[0-9a-f]{10}")
EMPTY_IDS = {"null", "undefined", "-1", "anonymous", "00000000-0000-0000-0000-000000000000"}
LEAST = {
    ("placeholder_email", "people"): 8,
    ("placeholder_email", "orders"): 4,
    ("placeholder_phone", "people"): 8,
    ("store_phone", "people"): 8,
    ("broken_tag", "events"): 10,
    ("test_login", "events"): 4,
    ("anothers_email", "people"): 1,
}


def planted(traded) -> dict[tuple, str]:
    """(feed, key, field, value) → trap, as the truth tells it."""
    return {
        (row["feed"], row["key"], row["field"], row["value"]): row["trap"]
        for row in traded.true("traps").to_pylist()
    }


def found(traded) -> dict[tuple, str]:
    """The same by reading the feeds, with the truth asked only for whose a card or an order is."""
    whose, buyer, known = {}, {}, {}
    for row in traded.true("identifiers").to_pylist():
        whose[row["kind"], row["value"]] = row["person_id"]
    for row in traded.true("purchases").to_pylist():
        buyer[row["order_id"]] = row["person_id"]
    cards, phones, owners = {}, defaultdict(set), defaultdict(set)
    for row in traded.all_rows("people"):
        cards.setdefault((row["crm_id"], row["email"], row["phone"]), row)
        phones[row["phone"]].add(whose["crm_id", row["crm_id"]])
        if row["user_id"]:
            owners[row["email"]].add(whose["user_id", row["user_id"]])
    often = {phone for phone, persons in phones.items() if len(persons) > 2} - ZEROS - {""}
    for row in cards.values():
        for field, values, trap in (
            ("email", EMAILS, "placeholder_email"),
            ("phone", ZEROS, "placeholder_phone"),
            ("phone", often, "store_phone"),
        ):
            if row[field] in values:
                known["people", row["crm_id"], field, row[field]] = trap
        if row["email"] in owners and whose["crm_id", row["crm_id"]] not in owners[row["email"]]:
            known["people", row["crm_id"], "email", row["email"]] = "anothers_email"
    for row in traded.all_rows("orders"):
        person = buyer[row["returned_order_id"] or row["order_id"]]
        if row["email"] in EMAILS:
            known["orders", row["order_id"], "email", row["email"]] = "placeholder_email"
        elif row["email"] in owners and person not in owners[row["email"]]:
            known["orders", row["order_id"], "email", row["email"]] = "anothers_email"
    for _, event in traded.events():
        session = event["context"]["sessionId"]
        if not COOKIE.fullmatch(event["anonymousId"]) or event["anonymousId"] in EMPTY_IDS:
            known["events", session, "anonymousId", event["anonymousId"]] = "broken_tag"
        if not USER.fullmatch(event.get("userId", "u0123456789")):
            known["events", session, "userId", event["userId"]] = "test_login"
    return known


def test_every_trap_in_the_feeds_is_told_and_no_other(small, shop):
    for traded in (small, shop):
        landed = {event["context"]["sessionId"] for _, event in traded.events()}
        landed |= {row["order_id"] for row in traded.all_rows("orders")}
        told = {row: trap for row, trap in planted(traded).items() if row[0] == "people" or row[1] in landed}
        assert found(traded) == told
        assert len(planted(traded)) - len(told) <= 2, "only what lands after the last day"


def test_there_are_some_of_each(shop):
    counts = Counter((trap, row[0]) for row, trap in planted(shop).items())
    assert {key: counts[key] for key in LEAST if counts[key] < LEAST[key]} == {}
    assert {value for feed, _, _, value in planted(shop) if feed == "events"} == EMPTY_IDS | {"test", "null"}
    browsers = {event["anonymousId"] for _, event in shop.events() if event.get("userId") == "test"}
    assert len(browsers) > 2, "staff test from several browsers"


def test_a_placeholder_is_nobodys(shop):
    rows = shop.true("identifiers").to_pylist()
    told = {(row["kind"], row["value"]) for row in rows if row["is_placeholder"]}
    kinds = {"email": "email", "phone": "phone", "anonymousId": "anonymous_id", "userId": "user_id"}
    assert told == {
        (kinds[field], re.sub("[^0-9+]", "", value) if field == "phone" else value)
        for (_, _, field, value), trap in planted(shop).items()
        if trap != "anothers_email"
    }
    judge = Judge(shop.truth, date.fromisoformat(shop.days("events")[-1]))
    assert judge.list_placeholders() == told and judge.find_persons("email", "TEST@test.com") == set()
    for (feed, _, field, value), trap in planted(shop).items():
        if trap == "anothers_email" and feed == "people":
            assert len(judge.find_persons(field, value)) == 2, "whose it is, and who is reached by it wrongly"


@pytest.fixture(scope="module")
def without(shop, tmp_path_factory):
    """The same shop with every trap's share set to nothing."""
    home = tmp_path_factory.mktemp("without")
    other = replace(shop, landing=home / "landing", truth=home / "truth")
    with pytest.MonkeyPatch.context() as patch:
        for share in (
            "FILLS_EMAIL",
            "FILLS_ZEROS",
            "FILLS_STORE_PHONE",
            "ANOTHERS_EMAIL",
            "BROKEN_TAG",
            "STAFF",
        ):
            patch.setattr(traps, share, 0.0)
        Shop(23, 900, other.landing, other.truth, write_from=0).trade_until(41)
    return other


def test_traps_change_their_field_and_no_other_byte(shop, without):
    """Line by line against the same shop without traps; a spoiled line is a copy of one that may
    have a trap.
    """
    assert without.true("traps").num_rows == 0
    keys = {(feed, key) for feed, key, _, _ in planted(shop)}
    spoiled = {feed: shop.extra(feed) for feed in ("events", "orders", "people", "catalogue")}
    for path in sorted(path for path in shop.landing.rglob("*") if path.is_file()):
        feed, day = path.parts[-3], path.parts[-2]
        one, other = (
            gzip.decompress(p.read_bytes()) if p.suffix == ".gz" else p.read_bytes()
            for p in (path, without.landing / path.relative_to(shop.landing))
        )
        lines, others = (re.split(b"[\r\n]", content) for content in (one, other))
        assert len(lines) == len(others)
        for number, (line, plain) in enumerate(zip(lines, others, strict=True), start=1):
            if line != plain and (day, number) not in spoiled[feed]:
                assert (feed, key_of(feed, line)) in keys, line
    for subject in ("purchases", "persons", "shelf", "consents", "items"):
        for path in sorted((shop.truth / subject).iterdir()):
            assert pq.read_table(path).equals(pq.read_table(without.truth / subject / path.name))


def key_of(feed: str, line: bytes) -> str:
    if feed == "events":
        return re.search(rb'"sessionId":"(\w+)"', line)[1].decode()
    return next(csv.reader([line.decode()]))[0]


@pytest.mark.parametrize(
    ("email", "person", "expected"),
    [
        pytest.param("ann.b7@x", 1, "ann.b70@x", id="the next one begins most alike"),
        pytest.param("ann.b70@x", 2, "ann.b7@x", id="never one's own"),
        pytest.param("zoe@x", 9, "sue@x", id="behind the last"),
        pytest.param("a@x", 9, "ann.b7@x", id="before the first: both begin with a"),
    ],
)
def test_the_address_that_begins_most_alike(email, person, expected):
    accounts = [("ann.b7@x", 1), ("ann.b70@x", 2), ("bob@x", 3), ("sue@x", 4)]
    assert find_similar_email(email, person, accounts) == expected


def test_nobody_else_has_an_address():
    assert find_similar_email("ann@x", 1, [("ann@x", 1)]) == "" == find_similar_email("ann@x", 1, [])

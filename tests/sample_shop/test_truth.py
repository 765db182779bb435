"""The truth covers what was handed over: who is who, who shares what, who consents, what is bought again."""

from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

from sample_shop.judge import Judge
from sample_shop.truth import normalise_identifier
from tests.sample_shop.conftest import shop_day


@pytest.fixture(scope="module")
def known(shop) -> dict[tuple[str, str], set[str]]:
    found = defaultdict(set)
    for row in shop.true("identifiers").to_pylist():
        found[row["kind"], row["value"]].add(row["person_id"])
    return found


@pytest.fixture(scope="module")
def owned(shop, known) -> dict[tuple[str, str], set[str]]:
    """The same without what is typed or sent in the place of an identifier."""
    nobodys = {
        (row["kind"], row["value"]) for row in shop.true("identifiers").to_pylist() if row["is_placeholder"]
    }
    return {identifier: persons for identifier, persons in known.items() if identifier not in nobodys}


def shown(traded) -> set[tuple[str, str]]:
    """Every identifier that a feed shows, read without the truth."""
    found = set()
    for _, event in traded.events():
        found.add(("anonymous_id", event["anonymousId"]))
        found.add(("user_id", event.get("userId", "")))
        found.add(("email", event.get("traits", {}).get("email", "").lower()))
    for row in traded.all_rows("orders"):
        found |= {("user_id", row["user_id"]), ("email", row["email"].lower())}
    for row in traded.all_rows("people"):
        found |= {
            (kind, normalise_identifier(kind, row[kind])) for kind in ("crm_id", "user_id", "email", "phone")
        }
    return {pair for pair in found if pair[1]}


def test_every_identifier_in_a_feed_has_its_person_and_no_other_is_told(shop, known):
    feeds = shown(shop)
    assert feeds <= set(known)
    untold = set(known) - feeds
    assert len(untold) < 0.005 * len(known)  # only what comes with events that land after the last day
    assert {kind for kind, _ in untold} <= {"anonymous_id", "email", "user_id"}


def test_an_account_and_a_card_are_one_person_s_browsers_and_phones_may_be_shared(owned):
    sharing = defaultdict(int)
    for (kind, _), persons in owned.items():
        sharing[kind] = max(sharing[kind], len(persons))
    assert sharing["user_id"] == sharing["crm_id"] == 1
    assert sharing["phone"] == 2 and sharing["anonymous_id"] > 5  # families; kiosks
    by_person = defaultdict(set)
    for (kind, value), persons in owned.items():
        for person in persons:
            by_person[person, kind].add(value)
    # several devices
    assert sum(len(values) > 1 for (_, kind), values in by_person.items() if kind == "anonymous_id") > 100
    # second cards
    assert sum(len(values) > 1 for (_, kind), values in by_person.items() if kind == "crm_id") > 10
    # typos, new addresses
    assert sum(len(values) > 1 for (_, kind), values in by_person.items() if kind == "email") > 5


def test_shared_devices_are_marked(shop, owned):
    marked = {row["value"] for row in shop.true("identifiers").to_pylist() if row["is_shared_device"]}
    several = {
        value for (kind, value), persons in owned.items() if kind == "anonymous_id" and len(persons) > 1
    }
    assert several and several <= marked
    devices = {event["anonymousId"]: event["context"]["device"]["type"] for _, event in shop.events()}
    assert {"kiosk"} < {devices[value] for value in several if value in devices}


def test_people_behind_sessions_and_the_consent_their_events_carry(shop):
    person = {row["session_id"]: row["person_id"] for row in shop.true("sessions").to_pylist()}
    users = {
        row["value"]: row["person_id"]
        for row in shop.true("identifiers").to_pylist()
        if row["kind"] == "user_id"
    }
    consents = defaultdict(list)
    for day, row in shop.true_by_day("consents"):
        consents[row["person_id"], row["purpose"]].append((day, row["is_granted"]))
    denied = withdrawn = 0
    for _, event in shop.events():
        who = person[event["context"]["sessionId"]]
        assert event.get("userId") in {None, "test", "null"} or users[event["userId"]] == who
        happened = shop_day(shop.happened(event))
        for purpose, granted in event["context"]["consent"]["categoryPreferences"].items():
            told = [value for since, value in consents[who, purpose] if since <= happened]
            assert granted == told[-1]
            denied += not granted
            withdrawn += told[0] and not granted
    assert denied > 500 and withdrawn > 20


def test_consumables_come_back_and_durables_do_not(shop):
    items = {row["item_id"]: row["cycle"] for row in shop.true("items").to_pylist()}
    bought = defaultdict(list)
    for day, row in shop.true_by_day("purchases"):
        bought[row["person_id"], row["item_id"]].append((date.fromisoformat(day), row["is_restock"]))
    assert all(len(days) == 1 for (_, item), days in bought.items() if items[item] == 0)
    gaps = [
        (later[0] - earlier[0]) / timedelta(days=1) / items[item]
        for (_, item), days in bought.items()
        for earlier, later in pairwise(days)
        if later[1]
    ]
    assert len(gaps) > 60 and 0.8 < np.median(gaps) < 1.6  # in cycles of the item


def test_tastes_drift_and_some_fast(shop):
    judge = Judge(shop.truth, date(2026, 2, 15))
    people = judge.people
    month = np.cos(30 * people.turn_speed)  # what is left of a taste after a month
    assert 0.05 < (month < 0.83).mean() < 0.25 and np.median(month) > 0.97


def test_the_truth_does_not_say_who_is_who_by_its_names(shop):
    """Ids of a person in different systems share nothing that a join could use."""
    rows = shop.true("identifiers").to_pylist()
    for row in rows[:3000]:
        if row["kind"] in {"user_id", "crm_id", "anonymous_id"}:
            assert row["person_id"].removeprefix("person-")[:6] not in row["value"].replace("-", "")

"""What a new night makes of memberships: told once, with the night's own moment; and what it corrects."""

import json

import pytest

from expectations.contracts import snapshot as contract
from expectations.contracts.home import HomePaths
from expectations.contracts.identifiers import hash_identifier
from segments.events import Event
from serving_app.live.backends import get_memberships_key
from serving_app.storage.snapshots import Snapshot
from tests.serving_app.conftest import KEY, NEWCOMER, NOW, REGULAR, SOURCE
from tests.serving_app.intake.sent_events import send, viewed
from tests.serving_app.memberships.conftest import keep, list_turns, read_told
from tests.serving_app.memberships.nights import make_snapshot

MICROSECONDS = int(NOW.timestamp()) * 1_000_000
HOUR = 3_600_000_000


def add_to_cart(shop, message_id, **who):
    send(shop, viewed(message_id, event="Product Added", **who))


def list_segments(shop, **who):
    return shop.client.get("/v1/customers", query_string=who).json["segment_ids"]


def test_the_first_night_is_taken_in_silence_and_a_change_is_told_once(live_shop):
    assert read_told(live_shop) == []
    later = make_snapshot("night-2", others={REGULAR: ("vip", "loyal"), NEWCOMER: ()}, absorbed="2026-02-20")
    live_shop.snapshots.publish(later)
    keep(live_shop)
    (told,) = read_told(live_shop)
    end = later.read_segment_base(REGULAR).others["loyal"]
    assert (told.customer_id, told.segment_id, told.reason, told.since) == (REGULAR, "loyal", "night", end)
    for n in range(3):  # a night run again, and one that says the same
        live_shop.snapshots.publish(Snapshot.from_pairs(f"again-{n}", iterate_pairs(later)))
        keep(live_shop)
    assert len(read_told(live_shop)) == 1


def iterate_pairs(snapshot):
    return [(key, snapshot._get(key)) for key in snapshot._iterate_keys(b"")]


def test_an_event_while_the_first_night_is_taken_is_told(shop):
    shop.snapshots.publish(make_snapshot("night-1"))
    add_to_cart(shop, "m-1", userId="u-regular")
    keep(shop)
    assert list_turns(shop) == [("fresh_cart", True, "event")]


def test_a_stranger_who_becomes_a_customer_goes_on_without_a_gap(live_shop, clock):
    add_to_cart(live_shop, "m-1")
    keep(live_shop)
    stranger = hash_identifier(KEY, "anonymous_id", SOURCE, "b-1")
    clock.move(minutes=3)
    night = make_snapshot("night-2", identifiers={stranger: "c_new"})
    live_shop.snapshots.publish(night)
    assert list_segments(live_shop, anonymous_id="b-1") == ["fresh_cart"]  # before anybody has moved it
    keep(live_shop)
    assert list_segments(live_shop, anonymous_id="b-1") == ["fresh_cart"]
    told = [(one.customer_id, one.is_entered, one.reason) for one in read_told(live_shop)]
    assert told == [(stranger, True, "event"), (stranger, False, "merge"), ("c_new", True, "merge")]
    clock.move(minutes=8)
    keep(live_shop)
    assert list_segments(live_shop, anonymous_id="b-1") == []
    assert list_turns(live_shop)[3:] == [("fresh_cart", False, "time")]


def test_identify_joins_the_browser_to_the_user(live_shop, clock):
    add_to_cart(live_shop, "m-1")
    clock.move(minutes=1)
    send(live_shop, viewed("m-2", userId="u-regular"))
    assert list_segments(live_shop, user_id="u-regular") == ["fresh_cart", "vip"]
    keep(live_shop)
    stranger = hash_identifier(KEY, "anonymous_id", SOURCE, "b-1")
    told = [(one.customer_id, one.is_entered, one.reason) for one in read_told(live_shop)]
    assert told == [(stranger, True, "event"), (stranger, False, "merge"), (REGULAR, True, "merge")]


def test_a_known_browser_brings_what_the_night_knows_of_it(shop, clock):
    """Two views by the night, under the browser's customer; one more by the user: together three in a day."""
    views = [Event(MICROSECONDS - n * HOUR, f"v-{n}", "view") for n in (13, 14)]
    shop.snapshots.publish(make_snapshot("night-1", {NEWCOMER: views}))
    keep(shop)
    send(shop, viewed("m-1", anonymousId="cookie-newcomer", userId="u-regular"))
    assert "busy" in list_segments(shop, user_id="u-regular")
    assert "busy" in list_segments(shop, anonymous_id="cookie-newcomer")
    keep(shop)
    assert [one.reason for one in read_told(shop) if one.segment_id == "busy"] == ["event"]


def test_a_customer_who_is_anothers_browser_stays_away_until_a_night_has_the_day(shop, clock):
    views = [Event(MICROSECONDS - n * HOUR, f"v-{n}", "view") for n in (13, 14, 15)]
    shop.snapshots.publish(make_snapshot("night-1", {NEWCOMER: views}))
    keep(shop)
    send(shop, viewed("m-1", anonymousId="cookie-newcomer", userId="u-regular"))
    keep(shop)
    before = list_turns(shop)
    shop.memberships.keeper._takeover = None  # as in a worker that takes the lead anew
    clock.move(hours=8)
    keep(shop)
    shop.snapshots.publish(make_snapshot("again-1", {NEWCOMER: views}))
    keep(shop)
    again = [one for one in read_told(shop)[len(before) :] if one.customer_id == NEWCOMER]
    assert again == []
    shop.snapshots.publish(make_snapshot("night-2", {NEWCOMER: views}, absorbed="2026-02-21"))
    keep(shop)
    names = [one.segment_id for one in read_told(shop)[len(before) :] if one.customer_id == NEWCOMER]
    assert names == ["lapsed"]  # the night does not join them


def test_who_is_merged_away_leaves_and_the_heir_enters(live_shop):
    merged = dict(iterate_pairs(make_snapshot("night-2", others={REGULAR: ("vip",)})))
    for key in (contract.get_customer_key(NEWCOMER), contract.get_segment_base_key(NEWCOMER)):
        del merged[key]
    merged[contract.get_former_customer_key(NEWCOMER)] = REGULAR.encode()
    cookie = hash_identifier(KEY, "anonymous_id", SOURCE, "cookie-newcomer")
    merged[contract.get_identifier_key(cookie)] = REGULAR.encode()
    add_to_cart(live_shop, "m-1", anonymousId="cookie-newcomer")
    live_shop.snapshots.publish(Snapshot.from_pairs("night-2", merged.items()))
    keep(live_shop)
    told = {(one.customer_id, one.segment_id, one.is_entered): one.reason for one in read_told(live_shop)}
    assert told == {
        (NEWCOMER, "fresh_cart", True): "event",
        (NEWCOMER, "fresh_cart", False): "merge",
        (NEWCOMER, "lapsed", False): "merge",
        (REGULAR, "fresh_cart", True): "merge",
    }
    assert list_segments(live_shop, user_id="u-regular") == ["fresh_cart", "vip"]


def test_the_report_names_what_the_night_decided_otherwise(live_shop, clock):
    """A view came with the feed alone, so live segments knew two of three."""
    for n in range(2):
        send(live_shop, viewed(f"m-{n}", userId="u-regular"))
    keep(live_shop)
    clock.move(hours=13)
    views = [Event(MICROSECONDS, f"m-{n}", "view", "item-05") for n in range(2)]
    late = Event(MICROSECONDS + HOUR, "line:1", "view", "item-05")
    night = make_snapshot("night-2", {REGULAR: [*views, late]}, absorbed="2026-02-21")
    live_shop.snapshots.publish(night)
    keep(live_shop)
    report = json.loads(HomePaths(live_shop.home).live_parity_report("night-2").read_text())
    assert (report["n_compared"], report["by_cause"]) == (3, {"late": 1})
    assert report["differences"] == [
        {"customer_id": REGULAR, "segment_id": "busy", "is_live": False, "cause": "late"}
    ]
    assert list_segments(live_shop, user_id="u-regular") == ["busy", "vip"]
    assert list_turns(live_shop) == [("busy", True, "night")]


def test_a_night_that_agrees_is_compared_and_tells_nothing(live_shop, clock):
    for n in range(3):
        send(live_shop, viewed(f"m-{n}", userId="u-regular"))
    keep(live_shop)
    clock.move(hours=13)
    views = [Event(MICROSECONDS, f"m-{n}", "view", "item-05") for n in range(3)]
    live_shop.snapshots.publish(make_snapshot("night-2", {REGULAR: views}, absorbed="2026-02-21"))
    keep(live_shop)
    report = json.loads(HomePaths(live_shop.home).live_parity_report("night-2").read_text())
    assert (report["n_compared"], report["n_differing"]) == (3, 0)
    assert list_turns(live_shop) == [("busy", True, "event")]
    assert live_shop.database.read([get_memberships_key(REGULAR)]) == [None]  # the base alone says it


def test_what_time_has_made_of_the_first_night_is_told_at_its_moment(shop):
    """Three views of the day before, of which the first is older than a day since ten o'clock."""
    views = [Event(MICROSECONDS - 26 * HOUR + n * HOUR // 6, f"v-{n}", "view") for n in range(3)]
    shop.snapshots.publish(make_snapshot("night-1", {REGULAR: views}))
    keep(shop)
    (told,) = read_told(shop)
    assert (told.segment_id, told.is_entered, told.reason) == ("busy", False, "time")
    assert told.since == views[0].at + 24 * HOUR + 1


@pytest.mark.parametrize("n_days", [0, 10])
def test_what_time_has_ended_since_a_night_is_not_told_again_when_it_is_run_again(shop, clock, n_days):
    """Busy by the night and no more since: neither that night again nor a backfill up to it says otherwise.
    The control: a night that knows of three views more.
    """
    views = [Event(MICROSECONDS - 26 * HOUR + n * HOUR // 6, f"v-{n}", "view") for n in range(3)]
    shop.snapshots.publish(make_snapshot("night-1", {REGULAR: views}))
    keep(shop)
    told = list_turns(shop)
    assert told == [("busy", False, "time")]
    for n in range(3):
        clock.move(minutes=20)
        history = [Event(MICROSECONDS - (40 + 24 * day) * HOUR, f"d-{day}", "page") for day in range(n_days)]
        shop.snapshots.publish(make_snapshot(f"again-{n}", {REGULAR: [*history, *views]}))
        keep(shop)
    assert list_turns(shop) == told
    late = [Event(MICROSECONDS - 13 * HOUR, f"w-{n}", "view") for n in range(3)]
    shop.snapshots.publish(make_snapshot("night-2", {REGULAR: [*views, *late]}))
    keep(shop)
    assert list_turns(shop) == [*told, ("busy", True, "night")]

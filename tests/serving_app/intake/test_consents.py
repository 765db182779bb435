"""A no holds from the next answer on, for every id of the visitor; a yes holds only by its time."""

from datetime import timedelta

import pytest

from expectations.contracts import snapshot as contract
from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.restrictions import RestrictionsUnreadable
from serving_app.intake.consents import EventConsents, read_event_consents
from serving_app.storage.snapshots import Snapshot
from tests.serving_app.conftest import KEY, SOURCE, pairs
from tests.serving_app.intake.sent_events import log_records, outcomes, send, viewed


def words(said):
    return {"consent": {"categoryPreferences": {"personalization": said}}}


def customer_of(shop, **visitor):
    return shop.client.get("/v1/recommendations", query_string=visitor).json["customer_id"]


def test_a_no_holds_at_once_for_every_id_of_the_customer(shop):
    assert customer_of(shop, user_id="u-regular") == "c_regular"
    send(shop, viewed(userId="u-regular", anonymousId="a-new-browser", context=words(False)))
    assert customer_of(shop, user_id="u-regular") is None
    assert customer_of(shop, customer_id="c_regular") is None
    assert customer_of(shop, customer_id="c_former") is None


def test_a_yes_follows_a_no_by_its_time(shop):
    send(shop, viewed("m-1", userId="u-regular", context=words("denied")))
    before = (shop.clock() - timedelta(hours=1)).isoformat()
    send(shop, viewed("m-2", userId="u-regular", context=words(True), timestamp=before))
    assert customer_of(shop, user_id="u-regular") is None, "an older yes that comes later"
    shop.clock.move(seconds=1)
    send(shop, viewed("m-3", userId="u-regular", context=words(True)))
    assert customer_of(shop, user_id="u-regular") == "c_regular"


def test_an_older_no_that_comes_later(shop):
    send(shop, viewed("m-1", userId="u-regular", context=words(False)))
    shop.clock.move(hours=2)
    send(shop, viewed("m-2", userId="u-regular", context=words(True)))
    earlier = (shop.clock() - timedelta(hours=1)).isoformat()
    send(shop, viewed("m-3", userId="u-regular", context=words(False), timestamp=earlier))
    assert customer_of(shop, user_id="u-regular") == "c_regular"


@pytest.mark.parametrize(
    "flaw",
    [
        {"properties": {}},
        {"event": "Unknown"},
        {"timestamp": "2099-01-01T00:00:00Z"},
        {"properties": {"product_id": "i", "pad": "x" * 40_000}},
    ],
    ids=["no item", "an unknown event", "a clock of 2099", "too large"],
)
def test_of_a_refused_event_a_no_counts_and_a_yes_does_not(shop, flaw):
    answer = send(shop, viewed("m-1", userId="u-regular", context=words(False), **flaw))
    assert answer.json["n_quarantined"] == 1
    assert customer_of(shop, user_id="u-regular") is None
    shop.clock.move(hours=1)
    send(shop, viewed("m-2", userId="u-regular", context=words(True), **flaw))
    assert customer_of(shop, user_id="u-regular") is None


def test_words_that_say_nothing_new_are_no_write(shop):
    written = []
    record = shop.restrictions.record_permissions
    shop.restrictions.record_permissions = lambda *args: (written.append(len(args[1])), record(*args))
    for n in range(5):
        send(shop, *[viewed(f"yes-{n}-{i}", context=words(True)) for i in range(5)])
    assert written == [], "nobody said no"
    send(shop, *[viewed(f"no-{i}", context=words(False)) for i in range(5)])
    assert written == [1]
    send(shop, *[viewed(f"all-{i}", anonymousId=f"b-{i}", context=words(False)) for i in range(500)])
    assert written == [1, 499], "each write is synced: one for all of a request; b-1 has said so before"


def is_stored(shop, one):
    with shop.restrictions.open_view() as view:
        return view.find_consent(one) is not None


def count_stored(shop, browsers):
    return sum(is_stored(shop, hash_identifier(KEY, "anonymous_id", SOURCE, browser)) for browser in browsers)


def test_made_up_visitors_cannot_fill_the_store(shop, monkeypatch, caplog):
    monkeypatch.setattr("serving_app.intake.permissions.MOST_NEW_IDS", 10)
    browsers = [f"made-up-{n}" for n in range(30)]
    for part in (browsers[:20], browsers[20:]):
        send(shop, *[viewed(f"m-{one}", anonymousId=one, context=words(False)) for one in part])
    assert count_stored(shop, browsers) == 10
    assert caplog.text.count("ids that no night knows") == 1
    send(shop, viewed("m-real", userId="u-regular", context=words(False)))
    assert customer_of(shop, user_id="u-regular") is None, "somebody whom the night knows is heard at once"
    for n in range(5):
        beside = viewed(f"m-beside-{n}", userId="u-regular", anonymousId=f"beside-{n}", context=words(False))
        send(shop, beside)
    assert count_stored(shop, [f"beside-{n}" for n in range(5)]) == 0, "nor beside somebody's name"
    shop.snapshots.publish(Snapshot.from_pairs("night-2", pairs()))
    send(shop, viewed("m-next", anonymousId="made-up-30", context=words(False)))
    assert count_stored(shop, ["made-up-30"]) == 1, "a night has judged those of before"


def test_a_no_beyond_the_bound_holds_by_the_live_state(shop, monkeypatch):
    """Of a browser that the next night knows, before it knows the no."""
    monkeypatch.setattr("serving_app.intake.permissions.MOST_NEW_IDS", 0)
    send(shop, viewed("m-1", anonymousId="b-new", context=words(False)))
    content = dict(pairs(run_id="night-2"))
    browser = hash_identifier(KEY, "anonymous_id", SOURCE, "b-new")
    content[contract.get_identifier_key(browser)] = b"c_regular"
    shop.snapshots.publish(Snapshot.from_pairs("night-2", content.items()))
    assert customer_of(shop, anonymous_id="b-new") is None
    assert customer_of(shop, user_id="u-regular") == "c_regular"
    shop.clock.move(minutes=1)
    send(shop, viewed("m-2", anonymousId="b-new", context=words(True)))
    assert customer_of(shop, anonymous_id="b-new") == "c_regular", "the control"


def test_of_several_words_in_one_request_the_newest_holds(shop):
    earlier = (shop.clock() - timedelta(hours=1)).isoformat()
    no, yes = viewed("m-1", userId="u-regular", context=words(False)), viewed("m-2", context=words(True))
    send(shop, no, {**yes, "userId": "u-regular", "timestamp": earlier})
    assert customer_of(shop, user_id="u-regular") is None
    shop.clock.move(hours=1)
    before = (shop.clock() - timedelta(minutes=9)).isoformat()
    send(
        shop,
        {**yes, "messageId": "m-3", "userId": "u-regular"},
        {**no, "messageId": "m-4", "timestamp": before},
    )
    assert customer_of(shop, user_id="u-regular") == "c_regular"


def test_restrictions_that_cannot_be_written_lose_no_event(shop, caplog):
    def refuse(*_):
        raise RestrictionsUnreadable("gone")

    shop.restrictions.record_permissions = refuse
    answer = send(shop, *[viewed(f"m-{n}", context=words(False)) for n in range(3)])
    assert outcomes(answer) == [("accepted", None)] * 3
    assert len(log_records(shop)) == 3
    assert caplog.text.count("the restrictions cannot be written") == 1


def test_a_no_that_could_not_be_written_holds_with_the_next_events(shop):
    """The store can be read all the while; without it the live state alone would know until the night."""
    record, n_refused = shop.restrictions.record_permissions, []

    def refuse(*args):
        n_refused.append(args)
        raise RestrictionsUnreadable("full")

    shop.restrictions.record_permissions = refuse
    no = viewed("m-1", userId="u-regular", context=words(False))
    assert outcomes(send(shop, no)) == [("accepted", None)]
    assert outcomes(send(shop, no)) == [("duplicate", None)], "which is not looked at again"
    assert len(n_refused) == 1 and not is_stored(shop, "c_regular"), "the control"
    assert customer_of(shop, user_id="u-regular") is None, "by the live state alone"
    shop.restrictions.record_permissions = record
    send(shop, viewed("m-2"))
    assert is_stored(shop, "c_regular")


def test_nos_that_could_not_be_written_do_not_use_up_the_room(shop, monkeypatch):
    monkeypatch.setattr("serving_app.intake.permissions.MOST_NEW_IDS", 5)
    record = shop.restrictions.record_permissions

    def refuse(*_):
        raise RestrictionsUnreadable("full")

    shop.restrictions.record_permissions = refuse
    for n in range(3):  # each tries those before it once more
        send(shop, viewed(f"m-{n}", anonymousId=f"new-{n}", context=words(False)))
    shop.restrictions.record_permissions = record
    send(shop, *[viewed(f"m-{n}", anonymousId=f"new-{n}", context=words(False)) for n in range(3, 7)])
    assert count_stored(shop, [f"new-{n}" for n in range(7)]) == 5


def test_a_no_beyond_the_bound_is_not_written_again_with_each_event(shop, monkeypatch):
    monkeypatch.setattr("serving_app.intake.permissions.MOST_NEW_IDS", 0)
    written, record = [], shop.restrictions.record_permissions
    shop.restrictions.record_permissions = lambda *args: (written.append(len(args[1])), record(*args))
    for n in range(3):
        send(shop, viewed(f"m-{n}", userId="u-regular", anonymousId="b-new", context=words(False)))
        shop.clock.move(seconds=-1)
    assert written == [2], "u-regular's id and their customer's, whose no is known by then"


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (None, (None, None)),
        ({"consent": None}, (None, None)),
        ({"consent": []}, (None, None)),
        ({"consent": "no"}, (False, False)),
        ({"consent": {"categoryPreferences": [1]}}, (False, False)),
        (words(True), (True, None)),
        (words("GRANTED "), (True, None)),
        (words(None), (None, None)),
        (words("maybe"), (False, None)),
        (words({}), (False, None)),
        ({"consent": {"categoryPreferences": {"Personalization": 1, "ANALYTICS": 0}}}, (True, False)),
        (
            {"consent": {"categoryPreferences": {"personalization": True, "PERSONALIZATION": "no"}}},
            (False, None),
        ),
    ],
)
def test_what_is_a_yes(context, expected):
    assert read_event_consents(context) == EventConsents(*expected)

"""A no to analytics ends live segments, and nothing but a newer yes to it lets events count again."""

import pytest

from serving_app.live.backends import get_memberships_key
from tests.serving_app.conftest import REGULAR
from tests.serving_app.intake.sent_events import send, viewed
from tests.serving_app.memberships.conftest import keep, list_turns
from tests.serving_app.memberships.nights import make_snapshot
from tests.serving_app.memberships.test_nights import add_to_cart, list_segments


@pytest.fixture
def say(live_shop, clock):
    """Say yes or no to a purpose, a second after all before."""
    ids = iter(range(100))

    def say(purpose, granted, **who):
        clock.move(seconds=1)
        consent = {"consent": {"categoryPreferences": {purpose: granted}}}
        send(live_shop, viewed(f"word-{next(ids)}", context=consent, **who))
        clock.move(seconds=1)

    return say


def is_fresh(shop, message_id, **who):
    """Whether something put into the cart makes a fresh cart."""
    add_to_cart(shop, message_id, **who)
    return "fresh_cart" in list_segments(shop, user_id="u-regular")


def test_it_holds_until_a_yes(live_shop, say):
    assert is_fresh(live_shop, "m-1", userId="u-regular")
    say("analytics", False, userId="u-regular")
    assert list_segments(live_shop, user_id="u-regular") == ["vip"]
    assert not is_fresh(live_shop, "m-2", userId="u-regular")
    say("analytics", True, userId="u-regular")
    assert is_fresh(live_shop, "m-3", userId="u-regular")


def test_what_was_done_before_the_yes_does_not_count_when_it_comes_late(live_shop, say, clock):
    say("analytics", False, userId="u-regular")
    then = clock().isoformat()
    say("analytics", True, userId="u-regular")
    assert not is_fresh(live_shop, "m-1", userId="u-regular", timestamp=then, sentAt=clock().isoformat())


def test_a_no_and_a_yes_to_personalization_do_not_end_it(live_shop, say):
    for purpose, granted in (("analytics", False), ("personalization", False), ("personalization", True)):
        say(purpose, granted, userId="u-regular")
    assert not is_fresh(live_shop, "m-1", userId="u-regular")


def test_a_browser_brings_it_along_when_it_turns_out_to_be_a_users(live_shop, say):
    say("analytics", False)
    send(live_shop, viewed("m-1", userId="u-regular"))
    assert not is_fresh(live_shop, "m-2", userId="u-regular", anonymousId="b-2")


def test_a_browser_that_is_joined_does_not_end_it(live_shop, say):
    say("analytics", False, userId="u-regular", anonymousId="b-2")
    add_to_cart(live_shop, "m-1")
    send(live_shop, viewed("m-2", userId="u-regular"))
    keep(live_shop)
    assert list_segments(live_shop, user_id="u-regular") == ["vip"]
    turns = [turn for turn in list_turns(live_shop) if turn[0] == "fresh_cart"]
    assert turns == [("fresh_cart", True, "event"), ("fresh_cart", False, "merge")]


def test_it_holds_when_the_night_knows_whose_browser_it_is(live_shop, say):
    say("analytics", False)
    stranger = next(key for key in live_shop.database.values if key.startswith(b"g/"))[2:].decode()
    live_shop.snapshots.publish(make_snapshot("night-2", identifiers={stranger: REGULAR}))
    keep(live_shop)
    assert not is_fresh(live_shop, "m-2")


def test_whom_the_night_may_not_measure_has_no_live_segment(shop):
    shop.snapshots.publish(make_snapshot("night-1", unmeasured=[REGULAR]))
    keep(shop)
    assert not is_fresh(shop, "m-1", userId="u-regular", anonymousId="b-2")
    add_to_cart(shop, "m-2")
    send(shop, viewed("m-3", userId="u-regular"))
    assert list_segments(shop, user_id="u-regular") == ["vip"]
    assert shop.database.read([get_memberships_key(REGULAR)]) == [None]


def test_whom_the_next_night_may_not_measure_leaves(live_shop):
    assert is_fresh(live_shop, "m-1", userId="u-regular")
    live_shop.snapshots.publish(make_snapshot("night-2", unmeasured=[REGULAR]))
    assert list_segments(live_shop, user_id="u-regular") == ["vip"]  # before anybody has looked
    keep(live_shop)
    assert list_segments(live_shop, user_id="u-regular") == ["vip"]
    assert live_shop.database.read([get_memberships_key(REGULAR)]) == [None]
    assert [turn[:2] for turn in list_turns(live_shop)] == [("fresh_cart", True), ("fresh_cart", False)]

"""What a visitor did is known to the next answer."""

from datetime import date, timedelta

from serving_app.visitors.schemas import VisitorIds
from serving_app.visitors.service import VisitorResolver
from tests.serving_app.live.events import KEY, NOON, SOURCE, make_event


def read(shop, absorbed=None, **ids):
    visitors = VisitorResolver(shop.restrictions, [SOURCE], KEY)
    keys = visitors.find_keys(VisitorIds(**ids), shop.snapshots.get_current())
    return shop.live.read(keys, absorbed)


def items(state):
    return [event.item_id for event in state.events]


def test_a_browser_that_nobody_knows_has_a_state(shop):
    shop.live.record([make_event("view", "item-01", browser="new", minute=-1)])
    shop.live.record([make_event("cart", "item-02", browser="new")])
    state = read(shop, anonymous_id="new")
    assert items(state) == ["item-01", "item-02"] and state.cart == {"item-02": 1}
    assert state.updated_at == NOON
    assert read(shop, anonymous_id="other").updated_at is None


def test_an_event_that_is_sent_again_changes_nothing(shop):
    event = make_event("cart", "item-02", browser="new")
    for _ in range(3):
        shop.live.record([event, event])
    assert read(shop, anonymous_id="new").cart == {"item-02": 1}
    assert shop.live.find_known([event.message_id, "other"]) == {event.message_id}


def test_a_customer_is_one_by_all_their_ids(shop):
    shop.live.record([make_event("view", "item-01", user="u-regular")])
    shop.live.record([make_event("identify", user="u-regular", browser="phone")])
    shop.live.record([make_event("view", "item-02", browser="phone", minute=1)])
    for ids in ({"user_id": "u-regular"}, {"anonymous_id": "phone"}, {"customer_id": "c_former"}):
        assert items(read(shop, **ids)) == ["item-01", "item-02"]


def test_what_the_night_has_absorbed_is_left_out_but_for_the_cart(shop):
    shop.live.record([make_event("cart", "item-02", browser="new")])
    later = NOON + timedelta(days=1)
    shop.live.record([make_event("view", "item-03", browser="new", minute=1, received_at=later)])
    day = NOON.date()
    assert items(read(shop, day - timedelta(days=1), anonymous_id="new")) == ["item-02", "item-03"]
    state = read(shop, day, anonymous_id="new")
    assert items(state) == ["item-03"] and state.cart == {"item-02": 1}
    assert items(read(shop, date(2026, 2, 22), anonymous_id="new")) == []

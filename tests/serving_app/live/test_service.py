"""What a visitor did is known to the next answer."""

from datetime import UTC, date, datetime, timedelta

from expectations.contracts.identifiers import hash_identifier
from serving_app.live.state import EMPTY_STATE, VisitorKeys
from serving_app.storage.snapshots import Snapshot
from tests.serving_app.conftest import pairs
from tests.serving_app.live.events import KEY, NOON, SOURCE, make_event
from tests.serving_app.live.visits import list_items, read


def test_a_browser_that_nobody_knows_has_a_state(shop):
    shop.live.record([make_event("view", "item-01", browser="new", minute=-1)])
    shop.live.record([make_event("cart", "item-02", browser="new")])
    state = read(shop, anonymous_id="new")
    assert [event.item_id for event in state.events] == ["item-01", "item-02"] and state.cart == {
        "item-02": 1
    }
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
    shop.live.record([make_event("identify", user="u-regular", browser="her-phone")])
    shop.live.record([make_event("view", "item-02", browser="her-phone", minute=1)])
    for ids in ({"user_id": "u-regular"}, {"anonymous_id": "her-phone"}, {"customer_id": "c_former"}):
        assert list_items(shop, **ids) == ["item-01", "item-02"]


def test_what_the_night_has_absorbed_is_left_out_but_for_the_cart(shop):
    shop.live.record([make_event("cart", "item-02", browser="new")])
    later = NOON + timedelta(days=1)
    shop.live.record([make_event("view", "item-03", browser="new", minute=1, received_at=later)])
    day = NOON.date()
    assert [e.item_id for e in read(shop, day - timedelta(days=1), anonymous_id="new").events] == [
        "item-02",
        "item-03",
    ]
    state = read(shop, day, anonymous_id="new")
    assert [event.item_id for event in state.events] == ["item-03"] and state.cart == {"item-02": 1}
    assert read(shop, date(2026, 2, 22), anonymous_id="new").events == ()


def test_a_shop_day_ends_at_the_shops_midnight(shop):
    """At 23:30 UTC it is the next day in Helsinki: what is received then, tonight's files do not hold."""
    shop.snapshots.publish(Snapshot.from_pairs("night-1", pairs(time_zone="Europe/Helsinki")))
    late = datetime(2026, 2, 21, 23, 30, tzinfo=UTC)
    shop.live.record([make_event("view", "item-01", browser="new", received_at=late)])
    assert len(read(shop, date(2026, 2, 21), anonymous_id="new").events) == 1
    assert len(read(shop, date(2026, 2, 22), anonymous_id="new").events) == 0


def test_a_rollback_makes_live_again_what_its_night_had_not_absorbed(shop):
    for day in range(3):
        at = NOON + timedelta(days=day)
        shop.live.record([make_event("view", f"item-0{day}", browser="new", minute=day, received_at=at)])
    assert read(shop, date(2026, 2, 23), anonymous_id="new").events == ()
    assert len(read(shop, date(2026, 2, 21), anonymous_id="new").events) == 2


def test_a_crawler_leaves_nothing_but_its_message_id(shop):
    event = make_event("view", "item-01", browser="new", is_bot=True)
    shop.live.record([event])
    assert read(shop, anonymous_id="new") == EMPTY_STATE
    assert shop.live.find_known([event.message_id]) == {event.message_id}


def test_served_lists_are_counted_until_the_item_is_touched(shop):
    keys = VisitorKeys(("i_somebody",))
    for minute in range(3):
        shop.live.record_exposures(keys, ["item-01", "item-02"], NOON + timedelta(minutes=minute))
    assert shop.live.read(keys, None).exposures == {}
    shop.live.flush()
    last = NOON + timedelta(minutes=2)
    assert shop.live.read(keys, None).exposures == {"item-01": (3, last), "item-02": (3, last)}

    shop.live.record([make_event("click", "item-01", browser="b", minute=3)])
    browser = hash_identifier(KEY, "anonymous_id", SOURCE, "b")
    merged = VisitorKeys(("i_somebody", browser))
    assert shop.live.read(merged, None).exposures == {"item-02": (3, last)}


def test_exposures_of_a_customer_are_known_by_all_their_ids(shop):
    keys = VisitorKeys(("i_phone",), "c_regular")
    shop.live.record_exposures(keys, ["item-01"], NOON)
    shop.live.flush()
    assert read(shop, user_id="u-regular").exposures == {"item-01": (1, NOON)}


def test_nothing_is_counted_of_who_has_no_keys(shop):
    shop.live.record_exposures(VisitorKeys(), ["item-01"], NOON)
    shop.live.flush()
    assert read(shop) == EMPTY_STATE


def test_a_large_batch_is_recorded_in_parts_and_whole(shop):
    n_written = []
    update = shop.database.update
    shop.database.update = lambda change, is_patient: n_written.append(1) or update(change)
    shop.live.record(
        [make_event("view", f"item-{n:03d}", browser=f"b-{n % 7}", minute=n) for n in range(450)]
    )
    assert len(n_written) == 18  # of 25 each
    assert sum(len(list_items(shop, anonymous_id=f"b-{n}")) for n in range(7)) == 450


def test_an_id_that_is_half_a_character_costs_no_neighbour(shop):
    shop.live.record(
        [make_event("view", "item-01", browser="\ud800"), make_event("view", "item-02", browser="new")]
    )
    assert list_items(shop, anonymous_id="new") == ["item-02"]

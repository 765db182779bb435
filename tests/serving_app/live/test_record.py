"""What is stored of a visitor: bounded, and the same in whatever order events arrive."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving_app.live.derive import derive_state
from serving_app.live.events import EventItem, LiveEvent
from serving_app.live.exposures import NOTHING_SHOWN, add_exposures, pack_exposures, unpack_exposures
from serving_app.live.record import (
    EMPTY_RECORD,
    MOST_EVENTS,
    OLDEST,
    add_event,
    merge_records,
    pack_record,
    unpack_record,
)
from serving_app.live.timestamps import to_microseconds, to_moment
from tests.serving_app.live.events import NOON, make_event

DAY = NOON.toordinal()
TYPES = ["view", "click", "cart", "uncart", "purchase", "page"]


def to_event(drawn) -> LiveEvent:
    number, minute, event_type, item, quantity, session = drawn
    at = NOON + timedelta(minutes=minute)
    items = () if event_type == "page" else (EventItem(f"item-{item}", quantity),)
    return LiveEvent(
        f"m-{number}",
        event_type,
        at,
        NOON + timedelta(days=1),
        "sample_shop",
        items=items,
        session_id=session,
    )


@st.composite
def draw_events(draw, most=40):
    """Events of different moments, in the order in which they occurred."""
    minutes = draw(st.lists(st.integers(0, 3000), unique=True, max_size=most))
    return [
        to_event(
            (
                number,
                minute,
                draw(st.sampled_from(TYPES)),
                draw(st.integers(0, 4)),
                draw(st.integers(1, 3)),
                draw(st.sampled_from([None, "s1", "s2"])),
            )
        )
        for number, minute in enumerate(sorted(minutes))
    ]


def record_all(events, record=EMPTY_RECORD):
    for event in events:
        record = add_event(record, event, DAY)
    return record


def derive(record, absorbed_day=0):
    return derive_state(record, NOTHING_SHOWN, absorbed_day)


def compute_cart_by_hand(events):
    """The cart by its definition: one pass in the order of occurrence."""
    cart = {}
    for event in events:
        for item_id, quantity, _ in event.items:
            if event.event_type == "purchase":
                cart[item_id] = 0
            elif event.event_type in ("cart", "uncart"):
                sign = 1 if event.event_type == "cart" else -1
                cart[item_id] = max(0, cart.get(item_id, 0) + sign * quantity)
    return {item_id: quantity for item_id, quantity in cart.items() if quantity}


@given(draw_events(), st.randoms())
def test_neither_order_nor_repetition_changes_anything(events, random):
    shuffled = events + events[::3]
    random.shuffle(shuffled)
    assert record_all(shuffled)._replace(sessions=()) == record_all(events)._replace(sessions=())
    assert derive(record_all(shuffled)).session_id == derive(record_all(events)).session_id


@given(draw_events(), st.integers(0, 40))
def test_two_records_of_one_visitor_merge_to_that_of_all_events(events, at):
    merged = merge_records(record_all(events[at:]), record_all(events[:at]))
    assert derive(merged) == derive(record_all(events))


@given(draw_events())
def test_the_state_says_what_a_pass_over_all_events_says(events):
    state = derive(record_all(events))
    assert state.cart == compute_cart_by_hand(events)
    told = [(item.item_id, e.event_type, e.occurred_at, item.quantity) for e in events for item in e.items]
    assert [tuple(event) for event in state.events] == [one for one in told if one[1] != "uncart"]
    assert state.updated_at == (events[-1].occurred_at if events else None)
    if events:
        assert state.session_id == events[-1].session_id
        of_session = [event for event in events if event.session_id == state.session_id]
        started = of_session[-1].occurred_at
        for event in reversed(of_session):
            if state.session_id is None and started - event.occurred_at > timedelta(minutes=30):
                break
            started = event.occurred_at
        assert state.session_started_at == started


@given(draw_events())
def test_a_record_is_read_as_it_was_written(events):
    record = record_all(events)
    assert unpack_record(pack_record(record)) == record


@pytest.mark.parametrize(
    "noise", [b"", b"\x00", b"\xc1", pack_record(EMPTY_RECORD)[:-1], b"\x96" + b"\x01" * 6]
)
def test_what_is_no_record_is_refused(noise):
    with pytest.raises(ValueError):
        unpack_record(noise)
    with pytest.raises(ValueError):
        unpack_exposures(noise)


@settings(max_examples=10)
@given(st.integers(1, 3), st.integers(100, 500))
def test_a_record_is_bounded_by_count(n_days, n_events):
    """However many: the newest remain, and no burst of views pushes a purchase out."""
    events = [make_event("purchase", "bought", minute=-1)]
    for n in range(n_events):
        events.append(make_event("view" if n % 4 else "cart", f"item-{n}" * n_days, minute=n))
    record = record_all(events)
    looks = [event for event in events if event.event_type == "view"]
    assert [event.item_id for event in record.looks] == [e.items[0].item_id for e in looks[-MOST_EVENTS:]]
    assert len(record.basket) <= MOST_EVENTS and len(record.sessions) <= 8
    if n_events < 4 * MOST_EVENTS - 4:
        assert record.basket[0].event_type == "purchase"


def test_a_purchase_of_a_thousand_items_or_an_endless_id_leaves_a_small_record():
    record = record_all([make_event("purchase", *[f"item-{n}" for n in range(1000)])])
    assert len(record.basket) == MOST_EVENTS
    record = record_all([make_event("view", "x" * 100_000), make_event("view", "y", quantity=10**30)])
    assert len(pack_record(record)) < 200


def test_a_record_is_bounded_by_age():
    old = record_all([make_event("view", "item-01"), make_event("cart", "item-02")])
    days = OLDEST / 24 / 3600 / 1e6
    later = make_event("page", minute=days * 1440 + 1)
    assert len(derive(old).events) == 2
    assert derive(record_all([later], old)).events == () and derive(record_all([later], old)).cart == {}


def test_text_that_is_half_a_character_is_text():
    record = record_all([make_event("view", "\ud800", session_id="\udfff", message_id="\ud8ab")])
    assert unpack_record(pack_record(record)) == record


def test_what_was_received_on_two_days_was_absorbed_with_the_first():
    event = make_event("view", "item-01")
    for days in ((5, 6), (6, 5)):
        record = EMPTY_RECORD
        for day in days:
            record = merge_records(add_event(EMPTY_RECORD, event, day), record)
        assert len(derive(record, absorbed_day=4).events) == 1 and derive(record, absorbed_day=5).events == ()


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 10_000)), max_size=60), st.randoms())
def test_exposures_are_counted_in_any_order_since_the_item_was_touched(shown, random):
    """A count by hand over the ten newest lists of each item; item-3 was viewed at minute 5,000."""
    moments = [(f"item-{item}", to_microseconds(NOON + timedelta(minutes=minute))) for item, minute in shown]
    random.shuffle(moments)
    times = NOTHING_SHOWN
    for item_id, at in moments:
        times = add_exposures(times, [item_id], at)
    times = unpack_exposures(pack_exposures(times))
    touched = to_microseconds(NOON + timedelta(minutes=5000))
    expected = {}
    for item_id in {item_id for item_id, _ in moments}:
        newest = sorted({at for one, at in moments if one == item_id})[-10:]
        counted = [at for at in newest if item_id != "item-3" or at > touched]
        if counted:
            expected[item_id] = (len(counted), to_moment(newest[-1]))
    state = derive_state(record_all([make_event("view", "item-3", minute=5000)]), times, 0)
    assert {item_id: tuple(one) for item_id, one in state.exposures.items()} == expected

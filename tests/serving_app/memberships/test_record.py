"""What is stored of an owner, as bytes and back."""

from segments.events import Event
from serving_app.memberships.record import NO_RECORD, HeldEvent, add_held, drop_old, pack_owner, unpack_owner

HELD = [HeldEvent(day, Event(day * 1_000, f"e-{day}", "view", "item-01")) for day in (10, 11, 12)]


def test_a_record_comes_back():
    record = add_held(NO_RECORD._replace(tag="night-1", joined=("c_1",)), HELD)
    assert unpack_owner(pack_owner(record)) == record


def test_events_before_a_damage_are_read_and_the_next_cut_puts_it_right():
    whole = add_held(NO_RECORD, HELD)
    damaged = whole._replace(body=add_held(NO_RECORD, HELD[:2]).body + b"\xc1" + whole.body, n_held=6)
    assert drop_old(damaged, 10) == add_held(NO_RECORD, HELD[:2])


def test_an_event_twice_is_held_once_with_its_first_day_and_what_is_old_is_dropped():
    again = HELD[2]._replace(received_day=13)
    assert drop_old(add_held(NO_RECORD, [*HELD, again]), 13) == add_held(NO_RECORD, HELD[1:])

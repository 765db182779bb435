"""Random cases in which things coincide: ties in time, window edges, changes of the clock, what is unknown.

Every number is a multiple of a quarter, so that sums and means are the same in any order and on any host.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from hypothesis import strategies as st

from segments.calendar import SECOND, ShopCalendar
from segments.events import TYPES, Event
from segments.tree import rules
from segments.tree.events import Duration
from tests.segments.oracle import Customer, Shop, Stay
from tests.segments.rule_strategies import (
    BOOLEAN_FIELDS,
    CATEGORIES,
    ITEMS,
    LISTS,
    NUMBER_FIELDS,
    SEGMENTS,
    TEXT_FIELDS,
    WINDOWS,
    Draw,
    draw_rule,
    pick,
    pick_from,
)

HOUR, DAY = 3600 * SECOND, 86_400 * SECOND
# Round these: a clock put forward and back, one changed by half an hour, a day that an island left out, a
# midnight that a clock left out, a leap day, a year's end.
CENTRES = (
    ("Europe/Berlin", "2024-03-31T01:00"),
    ("Europe/Berlin", "2024-10-27T01:00"),
    ("Europe/Berlin", "2024-02-29T12:00"),
    ("Australia/Lord_Howe", "2024-04-06T15:00"),
    ("Pacific/Apia", "2011-12-30T10:00"),
    ("America/Sao_Paulo", "2018-11-04T03:00"),
    ("UTC", "2024-12-31T23:00"),
)
STEPS = (0, 1, SECOND, 600 * SECOND, HOUR, 23 * HOUR, DAY, 7 * DAY, 30 * DAY, 366 * DAY)
USUAL_TYPES = ("view", "view", "cart", "cart", "uncart", "purchase", "purchase")
SENT_TYPES = tuple(name for name in TYPES if name != "empty_cart") + USUAL_TYPES
PLACES = (
    (None, None),
    (48.137, 11.575),
    (48.2, 11.6),  # 7.2 km from it
    (-33.87, 151.21),
)
SOME = {
    "item_id": (*ITEMS, *ITEMS, None),
    "category": (*CATEGORIES, None),
    "brand": ("hilleberg", "vaude", None),
    "price": (0.25, 5.0, 20.0, None),
    "quantity": (1.0, 2.0, None),
    "amount": (0.0, 5.0, 40.0, None),
    "order_id": ("o1", "o2", None),
    "session_id": ("s1", "s2", None),
    "device": ("mobile", "desktop", None),
    "campaign": ("spring", None),
    "country": ("DE", "AT", None),
    "local_minute": (0, 479, 480, 1199, 1200, 1439),
}
DURATIONS = tuple(
    part
    for window in WINDOWS
    for part in (getattr(window, "start", None), getattr(window, "end", None))
    if isinstance(part, Duration)
)


class Case(NamedTuple):
    """A rule, whom it is decided of, and when."""

    rule: rules.Rule
    customer: Customer
    now: int
    shop: Shop


find_calendar = lru_cache(ShopCalendar)


def read_time(text: str) -> int:
    """The moment of a time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


def draw_moment(draw: Draw, centre: int) -> int:
    """A moment two steps from a centre, mostly before it."""
    return (
        centre + pick(draw, (-1, -1, -1, 1)) * pick(draw, STEPS) + pick(draw, (-1, 1)) * pick(draw, STEPS[:6])
    )


def draw_history(draw: Draw, centre: int, max_size: int) -> tuple[Event, ...]:
    """Events of few items, sessions and orders, many at one moment; ids in another order than they come."""
    size = draw(st.integers(1, max_size))
    shuffled = draw(st.permutations(range(size)))
    events: list[Event] = []
    for number in shuffled:
        at = (
            pick(draw, tuple(event.at for event in events)) if events and draw(pick_from((0, 0, 1))) else None
        )
        latitude, longitude = pick(draw, PLACES)
        events.append(
            Event(
                at=draw_moment(draw, centre) if at is None else at,
                event_id=f"e{number:02}",
                type=pick(draw, SENT_TYPES),
                latitude=latitude,
                longitude=longitude,
                **{name: pick(draw, values) for name, values in SOME.items()},
            )
        )
    return tuple(events)


def draw_fields(draw: Draw) -> dict:
    """Fields, of which some are not known."""
    fields = {name: pick(draw, (None, -1, 0, 2, 7.5)) for name in NUMBER_FIELDS}
    fields |= {name: pick(draw, (None, True, False)) for name in BOOLEAN_FIELDS}
    fields |= {name: pick(draw, (None, "DE", "AT")) for name in TEXT_FIELDS}
    return {name: value for name, value in fields.items() if value is not None}


def draw_stays(draw: Draw, centre: int) -> tuple[Stay, ...]:
    """Stays in other segments, those in one segment behind each other; the last may be open."""
    stays = []
    for segment_id in SEGMENTS:
        times = sorted({draw_moment(draw, centre) for _ in range(pick(draw, (0, 1, 1, 2, 3)))})
        ends = [*times[1::2], None]
        stays += [Stay(segment_id, *stay) for stay in zip(times[::2], ends, strict=False)]
    return tuple(stays)


def draw_customer(draw: Draw, centre: int, max_events: int = 10) -> Customer:
    return Customer(
        customer_id=pick(draw, ("c1", "c2", "c3")),
        history=draw_history(draw, centre, max_events),
        fields=draw_fields(draw),
        stays=draw_stays(draw, centre),
        lists=draw(st.frozensets(pick_from(LISTS))),
    )


def draw_now(draw: Draw, customer: Customer, calendar: ShopCalendar, centre: int) -> int:
    """A moment near the centre, or one at which an event is just in a window, or just out of it."""
    if pick(draw, (False, True)):
        return centre + pick(draw, STEPS)
    at = pick(draw, tuple(event.at for event in customer.history))
    duration = pick(draw, (None, *DURATIONS))
    edge = at if duration is None else calendar.find_end(at, duration)
    return edge + pick(draw, (-1, 0, 1))


def draw_shop(draw: Draw, calendar: ShopCalendar) -> Shop:
    return Shop(
        calendar,
        list_items={name: draw(st.frozensets(pick_from(ITEMS))) for name in LISTS},
        definitions={name: draw_rule(draw, depth=1, has_segments=False) for name in SEGMENTS},
    )


@st.composite
def cases(draw: Draw, max_events: int = 10, draw_rule: Callable[[Draw], rules.Rule] = draw_rule) -> Case:
    """A rule over the whole grammar, or of one kind, with a shop, a customer and a moment."""
    zone, day = pick(draw, CENTRES)
    calendar, centre = find_calendar(zone), read_time(day)
    rule, shop = draw_rule(draw), draw_shop(draw, calendar)
    customer = draw_customer(draw, centre, max_events)
    return Case(rule, customer, draw_now(draw, customer, calendar, centre), shop)

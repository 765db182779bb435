"""Customers of whom the forty definitions are asked: random histories in the definitions' own words, so that
each has members and others.
"""

import random
from functools import cache

from segments.calendar import DAY, SECOND, ShopCalendar
from segments.events import Event
from segments.fields import OF_SCORES
from segments.parsing.definitions import ALL_FIELDS
from tests.segments.golden_definitions import LISTS, load_golden, load_shipped
from tests.segments.hosts import Question
from tests.segments.oracle import Customer, Shop, Stay
from tests.segments.strategies import read_time

NOW = read_time("2024-11-05T20:30")
HOUR = 3600 * SECOND
CATALOGUE = {
    **{f"tent{n}": ("outdoor > tents", f"brand{n}") for n in range(6)},
    "tea1": ("tea", "brand1"),
    "tea2": ("tea > green", "brand2"),
    "camera": ("electronics > cameras", "brand3"),
    "card": ("electronics > memory cards", "brand4"),
    "boots": ("shoes > hiking boots", "brand5"),
    "trail boots": ("shoes > hiking boots", "brand6"),
}
TYPES = (
    ("view",) * 6 + ("cart",) * 3 + ("uncart", "purchase", "purchase", "purchase", "return", "search", "page")
)
AGO = (
    SECOND,
    300 * SECOND,
    1800 * SECOND,
    *(hours * HOUR for hours in (1, 5, 24, 48, 144, 480, 840, 2400, 4560)),
)
PLACES = ((48.14, 11.58), (48.2, 11.6), (52.5, 13.4), (None, None))
# What hardly happens by chance: types, items and how many days ago.
SCENES = (
    [("purchase", f"tent{n}", n + 0.5) for n in range(6)],
    [("view", f"tent{n}", n + 0.5) for n in range(6)] + [("purchase", "boots", 9)],
    [("view", "tea1", 0.05), ("view", "tea1", 0.3), ("cart", "tea1", 0.7)],
    [("purchase", "tea1", days) for days in (20, 50, 80)],
    [("purchase", "camera", 363)],
    [("purchase", "tea1", 5), ("purchase", "tea2", 200)],
)


@cache
def ask_golden(n_customers: int = 250) -> Question:
    """The forty and the shipped definitions, two moments."""
    draw = random.Random(17)
    customers = tuple(draw_customer(draw, number) for number in range(n_customers))
    lists = {name: frozenset(draw.sample(sorted(CATALOGUE), 4)) for name in LISTS}
    definitions = (*load_golden(), *(each.segment for each in load_shipped()))
    rules = {segment.segment_id: segment.members for segment in definitions}
    shop = Shop(ShopCalendar("Europe/Berlin"), lists, rules)
    return Question(definitions, customers, (NOW - 10 * DAY, NOW), shop, ALL_FIELDS)


def draw_customer(draw: random.Random, number: int) -> Customer:
    """A customer who likes a few items, came in a few visits, and was counted by the night."""
    liked = draw.sample(sorted(CATALOGUE), draw.randint(1, 4))
    reach = draw.randint(3, len(AGO))
    events: list[Event] = []
    at = NOW - draw.choice(AGO[:reach]) - draw.randint(0, 3) * DAY
    for n in range(draw.choice((2, 5, 9, 14))):
        at -= draw.choice((0, SECOND, 600 * SECOND, HOUR, draw.choice(AGO[:reach])))
        events.append(draw_event(draw, f"{number}-{n:02}", at, draw.choice(liked)))
    if number % 20 < len(SCENES):
        events = [
            draw_event(draw, f"{number}-{n:02}", NOW - int(days * DAY), item)._replace(type=kind)
            for n, (kind, item, days) in enumerate(SCENES[number % 20])
        ]
    kinds = {
        "number": (None, 0, 1, 2, 3, 4, 5, 25, 95),
        "boolean": (None, True, False),
        "text": (None, "granted", "DE"),
        "tenth": (None, 1, 9, 10),
    }
    fields = {
        name: draw.choice(kinds["tenth" if name in OF_SCORES else field.kind])
        for name, field in ALL_FIELDS.items()
    }
    stays = []
    for segment_id in ("04_lapsed_90_days", "05_new_with_one_order"):
        entered = NOW - draw.choice((5 * HOUR, 12 * DAY, 40 * DAY))
        stays.append(Stay(segment_id, entered, draw.choice((None, None, entered + 3 * DAY))))
    known = {name: value for name, value in fields.items() if value is not None}
    return Customer(f"c{number}", tuple(events), known, tuple(stays), frozenset(draw.sample(["vip", "x"], 1)))


def draw_event(draw: random.Random, event_id: str, at: int, item: str) -> Event:
    latitude, longitude = draw.choice(PLACES)
    category, brand = CATALOGUE[item]
    return Event(
        at=at,
        event_id=event_id,
        type=draw.choice(TYPES),
        item_id=item,
        category=category,
        brand=brand,
        price=20.0,
        quantity=draw.choice((None, 1.0, 2.0)),
        amount=draw.choice((20.0, 75.0, 240.0)),
        order_id=f"o{at // DAY}-{draw.randint(1, 2)}",
        session_id=draw.choice((f"s{at // HOUR}", f"s{at // DAY}", None)),
        device=draw.choice(("mobile", "desktop", None)),
        campaign=draw.choice(("spring", None, None)),
        country=draw.choice(("DE", "AT")),
        latitude=latitude,
        longitude=longitude,
        local_minute=draw.choice((600, 1210, 1300)),
    )

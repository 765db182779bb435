"""Customers' events as a shop of outdoor things, cameras and tea has them, for benchmarks of segments."""

import random
from collections.abc import Iterator

from segments.calendar import DAY, SECOND
from segments.events import Event

FIRST = 1_767_225_600 * SECOND  # 1 January 2026, UTC
CATEGORIES = (
    "outdoor > tents",
    "outdoor > hiking boots",
    "outdoor > stoves",
    "electronics > cameras",
    "electronics > memory cards",
    "tea",
    "coffee",
    "books",
)
N_ITEMS = 500
LIST_ITEMS = {
    name: frozenset(f"item{n}" for n in range(first, N_ITEMS, 50))
    for first, name in enumerate(("list_a", "list_b", "list_c"))
}
PLACES = (
    (48.14, 11.58, "DE"),
    (52.52, 13.4, "DE"),
    (48.21, 16.37, "AT"),
    (47.37, 8.54, "CH"),
    (None, None, None),
)


def make_events(n_customers: int, n_days: int, seed: int = 17) -> list[tuple[str, Event]]:
    """A stream of customers' events by time; a customer comes on one day in four."""
    draw = random.Random(seed)
    stream = [
        (customer_id, event)
        for customer_id in (f"c{n}" for n in range(n_customers))
        for event in make_history(customer_id, n_days, draw)
    ]
    return sorted(stream, key=lambda pair: (pair[1].at, pair[1].event_id))


def make_history(customer_id: str, n_days: int, draw: random.Random) -> Iterator[Event]:
    """One customer's visits."""
    liked = draw.sample(range(N_ITEMS), 12)
    for day in range(n_days):
        if draw.random() < 0.25:
            begins_at = FIRST + day * DAY + draw.choice((9, 13, 19, 20, 21)) * 3600 * SECOND
            begins_at += draw.randrange(3600) * SECOND
            yield from make_visit(f"{customer_id}-{day}", begins_at, liked, draw)


def make_visit(session_id: str, begins_at: int, liked: list[int], draw: random.Random) -> Iterator[Event]:
    """A visit: views, sometimes a search, a cart, an order of its items, a return."""
    at, carted = begins_at, []
    latitude, longitude, country = draw.choice(PLACES)
    visit = {
        "session_id": session_id,
        "device": draw.choice(("mobile", "mobile", "desktop")),
        "campaign": "spring" if draw.random() < 0.05 else None,
        "country": country,
        "latitude": latitude,
        "longitude": longitude,
    }
    for number in range(draw.randint(2, 12)):
        at += draw.randint(2, 240) * SECOND
        event_type = draw.choices(("view", "cart", "uncart", "search", "return"), (70, 14, 4, 10, 2))[0]
        item = draw.choice(carted) if event_type == "uncart" and carted else draw.choice(liked)
        if event_type == "cart":
            carted.append(item)
        yield make_event(
            f"{session_id}-{number}", at, event_type, None if event_type == "search" else item, visit
        )
    if carted and draw.random() < 0.5:
        at += 60 * SECOND
        for line, item in enumerate(dict.fromkeys(carted)):
            order = {**visit, "order_id": f"o-{session_id}"}
            yield make_event(f"{session_id}-o{line}", at, "purchase", item, order)


def make_event(event_id: str, at: int, event_type: str, item: int | None, visit: dict) -> Event:
    """An event of an item, with what the catalogue knows of it."""
    minute = at // (60 * SECOND) % 1440
    if item is None:
        return Event(at, event_id, event_type, local_minute=minute, **visit)
    price = 5.0 + item % 60
    return Event(
        at,
        event_id,
        event_type,
        item_id=f"item{item}",
        category=CATEGORIES[item % len(CATEGORIES)],
        brand=f"brand{item % 20}",
        price=price,
        quantity=1.0,
        amount=price if event_type in ("purchase", "return") else None,
        local_minute=minute,
        **visit,
    )

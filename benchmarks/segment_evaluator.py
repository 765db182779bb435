"""How many events a second one core takes through forty definitions, and what a customer's state weighs.

    python -m benchmarks.segment_evaluator [--customers 500] [--days 90] [--profile]

The forty golden definitions, with the shipped ones they name, over a stream by seed. In turn, five times: a
bare loop that looks the customer up and appends the event to a list; events added to their customers' states;
members asked for behind each event as well; and timers that are due before an event asked first. CPU seconds
of this process; ratios are those of the medians.
"""

import argparse
import cProfile
import heapq
import pstats
import random
import statistics
import time
from collections.abc import Callable, Iterator

from segments.calendar import DAY, SECOND, ShopCalendar
from segments.evaluation.measures import Context
from segments.evaluation.packing import StatePacker
from segments.evaluation.program import Program
from segments.evaluation.state import SegmentState
from segments.evaluation.windows import NEVER
from segments.events import Event
from tests.segments.golden_definitions import load_golden, load_shipped

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
Stream = list[tuple[str, Event]]


def make_program() -> Program:
    """The golden definitions and those that they name."""
    segments = [*load_golden(), *(definition.segment for definition in load_shipped())]
    named = {"champions", "loyal"}
    definitions = {
        s.segment_id: s.members for s in segments if s.segment_id[0].isdigit() or s.segment_id in named
    }
    return Program(definitions, ShopCalendar("Europe/Berlin"), LIST_ITEMS)


def make_events(n_customers: int, n_days: int, seed: int = 17) -> Stream:
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


def run_bare(stream: Stream) -> None:
    """Append each event to its customer's list."""
    histories: dict[str, list[Event]] = {}
    for customer_id, event in stream:
        history = histories.get(customer_id)
        if history is None:
            history = histories[customer_id] = []
        history.append(event)


def run_program(program: Program, stream: Stream, is_asked: bool = True) -> dict[str, SegmentState]:
    """The states behind the stream, members asked for behind each event or not at all."""
    states: dict[str, tuple[SegmentState, Context]] = {}
    for customer_id, event in stream:
        if customer_id not in states:
            states[customer_id] = program.make_state(), Context(customer_id, {})
        state, context = states[customer_id]
        program.add(state, event)
        if is_asked:
            program.decide(state, event.at + 1, context)
    return {customer_id: state for customer_id, (state, _) in states.items()}


def run_with_timers(program: Program, stream: Stream) -> tuple[int, int]:
    """How many timers were asked, and how many memberships changed."""
    states: dict[str, tuple[SegmentState, Context]] = {}
    timers: list[tuple[int, str]] = []
    n_timers = n_changes = 0
    for customer_id, event in stream:
        while timers and timers[0][0] <= event.at:
            due_at, due_id = heapq.heappop(timers)
            state, context = states[due_id]
            if state.changes_at != due_at:
                continue  # an event has put it off
            before = state.members
            program.decide(state, due_at, context)
            n_timers += 1
            n_changes += (before ^ state.members).bit_count()
            if state.changes_at < NEVER:
                heapq.heappush(timers, (state.changes_at, due_id))
        if customer_id not in states:
            states[customer_id] = program.make_state(), Context(customer_id, {})
        state, context = states[customer_id]
        before, due_at = state.members, state.changes_at
        program.add(state, event)
        program.decide(state, event.at + 1, context)
        n_changes += (before ^ state.members).bit_count()
        if due_at != state.changes_at < NEVER:
            heapq.heappush(timers, (state.changes_at, customer_id))
    return n_timers, n_changes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=500)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    stream = make_events(options.customers, options.days)
    program = make_program()
    print(f"{len(program.segment_ids)} definitions, {len(stream):,} events of {options.customers} customers")
    if options.profile:
        with cProfile.Profile() as profile:
            run_with_timers(program, stream)
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
        return
    ways: dict[str, Callable[[], object]] = {
        "bare loop": lambda: run_bare(stream),
        "added": lambda: run_program(program, stream, is_asked=False),
        "and members asked": lambda: run_program(program, stream),
        "and timers": lambda: run_with_timers(program, stream),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(options.rounds):
        for name, run in ways.items():
            started = time.process_time()
            run()
            seconds[name].append(time.process_time() - started)
    bare = statistics.median(seconds["bare loop"])
    for name, taken in seconds.items():
        median = statistics.median(taken)
        print(f"{name}: {len(stream) / median:,.0f} events/s, {median / bare:.0f} × the bare loop")
    n_timers, n_changes = run_with_timers(program, stream)
    print(f"timers asked: {n_timers:,}; memberships begun or ended: {n_changes:,}")
    states = run_program(program, stream, is_asked=False)
    packer = StatePacker(program)
    for state in states.values():
        program.prune(state, stream[-1][1].at // DAY * DAY)
    sizes = sorted(len(packer.pack(state)) for state in states.values())
    kept = statistics.mean(len(state.events) for state in states.values())
    print(
        f"state: {statistics.mean(sizes):,.0f} bytes a customer, the largest {sizes[-1]:,};"
        f" {kept:.0f} of {len(stream) / len(states):.0f} events kept"
    )


if __name__ == "__main__":
    main()

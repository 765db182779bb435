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
import statistics
import time
from collections.abc import Callable

from benchmarks.segment_histories import LIST_ITEMS, make_events
from segments.calendar import DAY, ShopCalendar
from segments.evaluation.measures import Context
from segments.evaluation.packing import StatePacker
from segments.evaluation.program import Program
from segments.evaluation.state import SegmentState
from segments.evaluation.windows import NEVER
from segments.events import Event
from tests.segments.golden_definitions import load_golden, load_shipped

Stream = list[tuple[str, Event]]


def make_program() -> Program:
    """The golden definitions and those that they name."""
    segments = [*load_golden(), *(definition.segment for definition in load_shipped())]
    named = {"champions", "loyal"}
    definitions = {
        s.segment_id: s.members for s in segments if s.segment_id[0].isdigit() or s.segment_id in named
    }
    return Program(definitions, ShopCalendar("Europe/Berlin"), LIST_ITEMS)


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

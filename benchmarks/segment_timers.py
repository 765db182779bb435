"""Whether timers begin and end every membership in the second in which asking again does.

    python -m benchmarks.segment_timers [--customers 200] [--seconds 86400]

Customers of a made-up stream, the forty golden definitions with those they name, and the day on which
Berlin's clock is put forward. Once by timers, which ask a definition again when an answer may change; once by
asking every definition anew in every second. Events of the day come in as they happen. Ends with 1 on any
second in which the two differ. Both ways' CPU seconds, and how many timers changed nothing.
"""

import argparse
import sys
import time

from benchmarks.segment_evaluator import make_events, make_program
from segments.calendar import SECOND
from segments.evaluation.measures import Context
from segments.evaluation.program import Program
from segments.events import Event
from tests.segments.strategies import read_time

BEGINS = read_time("2026-03-28T23:00")  # midnight in Berlin; the day has 23 hours, and then some
N_DAYS = 90
Spans = list[tuple[int, int]]  # from this second of the day on, these members, as bits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=86_400)
    options = parser.parse_args()
    program = make_program()
    histories: dict[str, list[Event]] = {}
    for customer_id, event in make_events(options.customers, N_DAYS):
        histories.setdefault(customer_id, []).append(event)
    n_different = n_timers = n_changes = 0
    by_timers = by_asking = 0.0
    for customer_id, history in histories.items():
        context = Context(customer_id, {})
        started = time.process_time()
        spans, asked = follow_timers(program, history, context, options.seconds)
        by_timers += time.process_time() - started
        started = time.process_time()
        n_different += compare_each_second(program, history, context, (spans, options.seconds))
        by_asking += time.process_time() - started
        n_timers += asked
        n_changes += len(spans) - 1
        if n_different:
            print(f"{customer_id}: {n_different} seconds differ")
            sys.exit(1)
    n_seconds, n_definitions = len(histories) * options.seconds, len(program.segment_ids)
    print(f"equal: {len(histories)} customers × {options.seconds:,} seconds × {n_definitions} definitions")
    print(f"{n_timers:,} timers and events asked for {n_changes:,} changes of membership")
    print(f"timers {by_timers:.2f} CPU s, asking every second {by_asking:.0f} CPU s ({n_seconds:,} times)")


def follow_timers(
    program: Program, history: list[Event], context: Context, n_seconds: int
) -> tuple[Spans, int]:
    """From which second on who is a member, by timers and events alone; and how often anything was asked."""
    ends_at = BEGINS + n_seconds * SECOND
    state = program.build_state(event for event in history if event.at < BEGINS)
    events = [event for event in history if BEGINS <= event.at < ends_at]
    spans, n_asked, now = [], 0, BEGINS
    while now < ends_at:
        program.decide(state, now, context)
        n_asked += 1
        if not spans or spans[-1][1] != state.members:
            spans.append((-(-(now - BEGINS) // SECOND), state.members))
        if events and events[0].at < state.changes_at:
            now = events[0].at + 1
            program.add(state, events.pop(0))
        else:
            now = state.changes_at
    return spans, n_asked


def compare_each_second(
    program: Program, history: list[Event], context: Context, expected: tuple[Spans, int]
) -> int:
    """In how many seconds every definition, asked anew, gives other members than the timers."""
    spans, n_seconds = expected
    state = program.build_state(event for event in history if event.at < BEGINS)
    events = [event for event in history if event.at >= BEGINS]
    place, n_different = 0, 0
    for second in range(n_seconds):
        now = BEGINS + second * SECOND
        while events and events[0].at < now:
            program.add(state, events.pop(0))
        while place + 1 < len(spans) and spans[place + 1][0] <= second:
            place += 1
        members = 0
        for number, ask in enumerate(program.rules):
            if ask(state.cell, now, context)[0]:
                members |= 1 << number
        n_different += members != spans[place][1]
    return n_different


if __name__ == "__main__":
    main()

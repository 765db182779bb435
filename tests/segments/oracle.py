"""The reference: what the nodes' docstrings say of one customer at one moment, by brute force.

Slow and plain on purpose. It shares with the hosts the tree, `Event` and `ShopCalendar`, and nothing else.
"""

import calendar as gregorian
import hashlib
from dataclasses import replace
from datetime import date
from itertools import combinations

from segments.calendar import ELAPSED
from segments.events import Event
from segments.tree import rules
from segments.tree.events import Duration, Value
from tests.segments.oracle_measures import (
    COMPARE,
    Customer,
    Moment,
    Shop,
    Stay,
    add_empty_carts,
    matches,
    measure,
    read,
    select,
)

__all__ = ["Customer", "Shop", "Stay", "add_empty_carts", "decide"]


def decide(rule: rules.Rule, customer: Customer, now: int, shop: Shop) -> bool:
    """Whether the rule holds of the customer at `now`."""
    before = (event for event in add_empty_carts(customer.history) if event.at < now)
    return holds(rule, Moment(now, tuple(before), customer, shop))


def holds(rule: rules.Rule, moment: Moment) -> bool:
    match rule:
        case rules.Group("all", parts):
            return all(holds(part, moment) for part in parts)
        case rules.Group("any", parts):
            return any(holds(part, moment) for part in parts)
        case rules.Group("not", (part,)):
            return not holds(part, moment)
        case rules.Compare(left, op, right):
            left, right = measure(left, moment), measure(right, moment)
            return left is not None and right is not None and COMPARE[op](left, right)
        case rules.Between(inner, low, high):
            value = measure(inner, moment)
            return value is not None and low <= value <= high
        case rules.OneOf(inner, values):
            value = measure(inner, moment)
            return value is not None and value in values
        case rules.IsKnown(inner):
            return measure(inner, moment) is not None
        case rules.Age():
            return is_of_age(rule, moment)
        case rules.Anniversary():
            return has_anniversary(rule, moment)
        case rules.Sequence():
            return has_sequence(rule, moment)
        case rules.AnyValue(attribute, inner):
            values = {getattr(event, attribute) for event in moment.events} - {None}
            return any(holds(inner, keep_value(moment, attribute, value)) for value in values)
        case rules.InSegment(other, None, None):
            return holds(moment.shop.definitions[other], moment)
        case rules.InSegment():
            return is_staying(rule, moment)
        case rules.InList(name):
            return name in moment.customer.lists
        case rules.RandomShare(share, seed):
            digest = hashlib.md5(f"{seed}:{moment.customer.customer_id}".encode()).hexdigest()
            return int(digest[:8], 16) < share * 2**32
    raise TypeError(f"no rule: {rule!r}")


def keep_value(moment: Moment, attribute: str, value: Value) -> Moment:
    return replace(moment, events=tuple(e for e in moment.events if getattr(e, attribute) == value))


def is_of_age(rule: rules.Age, moment: Moment) -> bool:
    events = select(rule.events, moment)
    if not events:
        return False
    at = events[0 if rule.which == "first" else -1].at
    start = moment.shop.calendar.find_start(moment.now, rule.duration)
    return at <= start if rule.op == ">=" else at > start


def has_anniversary(rule: rules.Anniversary, moment: Moment) -> bool:
    events = select(rule.events, moment)
    if not events:
        return False
    calendar = moment.shop.calendar
    day = date.fromordinal(calendar.find_day(events[0 if rule.which == "first" else -1].at))
    today = calendar.find_day(moment.now)
    for later in (date.fromordinal(today + days) for days in range(rule.days)):
        is_moved = (day.month, day.day) == (2, 29) and not gregorian.isleap(later.year)
        wanted = (2, 28) if is_moved else (day.month, day.day)
        if later.year > day.year and (later.month, later.day) == wanted:
            return True
    return False


def is_staying(rule: rules.InSegment, moment: Moment) -> bool:
    find_start = moment.shop.calendar.find_start
    for stay in moment.customer.stays:
        if stay.segment_id != rule.segment_id or stay.entered_at > moment.now:
            continue
        if stay.left_at is not None and stay.left_at <= moment.now:
            continue
        for_long = rule.since_at_least
        is_old = for_long is None or stay.entered_at <= find_start(moment.now, for_long)
        lately = rule.entered_within
        is_new = lately is None or find_start(moment.now, lately) <= stay.entered_at < moment.now
        if is_old and is_new:
            return True
    return False


def has_sequence(rule: rules.Sequence, moment: Moment) -> bool:
    """Whether any choice of events, one for each present step, is the sequence."""
    start, end = moment.shop.calendar.find_bounds(moment.now, rule.window)
    candidates = [e for e in moment.events if (start is None or start <= e.at) and e.at < end]
    n_present = sum(not step.is_absent for step in rule.steps)
    return any(is_sequence(rule.steps, chosen, moment) for chosen in combinations(candidates, n_present))


def is_sequence(steps: tuple[rules.Step, ...], chosen: tuple[Event, ...], moment: Moment) -> bool:
    previous, present = None, list(chosen)
    for step in steps:
        if not step.is_absent:
            event = present.pop(0)
            if not follows(event, step, previous, moment):
                return False
            previous = event
            continue
        later = present[0].at if present else moment.now
        if any(follows(e, step, previous, moment) for e in moment.events if e.at < later):
            return False
        if not present and step.within and not moment.now > previous.at + count_elapsed(step.within):
            return False
    return True


def follows(event: Event, step: rules.Step, previous: Event | None, moment: Moment) -> bool:
    """Whether the event is what the step describes, behind the present step before it."""
    if not matches(event, step.events, moment):
        return False
    if previous is None:
        return True
    if event.at <= previous.at:
        return False
    if step.within and event.at > previous.at + count_elapsed(step.within):
        return False
    if step.after and event.at < previous.at + count_elapsed(step.after):
        return False
    pairs = {
        name: (read(event, name, moment), read(previous, name, moment)) for name in step.same + step.different
    }
    if any(None in pair for pair in pairs.values()):
        return False
    return all(pairs[name][0] == pairs[name][1] for name in step.same) and all(
        pairs[name][0] != pairs[name][1] for name in step.different
    )


def count_elapsed(duration: Duration) -> int:
    return duration.number * ELAPSED[duration.unit]

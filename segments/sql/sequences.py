"""Sequences without an explosion of pairs.

Whether an event can be a step depends on the present step before it alone, so each step keeps the events that
are reached, and not the ways to them. Of an event `p` it is known how long it can be followed: up to its
`expires_at`, which `within` and the first absent event after it decide. An event is reached when the greatest
`expires_at` of those before it is not before the event: a running maximum, one sort a step.

A step that must be `different` in an attribute is the exception: it is found by pairs of the same customer.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from segments.calendar import ELAPSED
from segments.sql.filters import EventConditions, uses_lists
from segments.sql.literals import SegmentQueryError, check_name
from segments.tree.events import Duration, EventSet
from segments.tree.rules import Sequence, Step

LONGEST = 500 * 366 * 86_400  # seconds; more would leave what a timestamp holds


@dataclass
class StepGroup:
    """A present step with the absent ones that follow it up to the next."""

    present: Step
    absent: list[Step] = field(default_factory=list)


@dataclass
class SequenceQuery:
    """The queries that find who has gone through one sequence."""

    name: str
    sequence: Sequence
    conditions: EventConditions

    def __post_init__(self) -> None:
        self.groups = group_steps(self.sequence)

    def list_parts(self) -> Iterator[tuple[str, str]]:
        """The queries of one sequence, the last one of customers and moments, with their names."""
        last = len(self.groups) - 1
        for index in range(last, -1, -1):  # each step's events only of whom the next step has one
            yield f"{self.name}_step_{index + 1}", self.format_step(index)
        reached = f"{self.name}_step_1"
        for index, group in enumerate(self.groups):
            if index:
                yield f"{self.name}_reached_{index + 1}", self.format_reached(index, reached)
                reached = f"{self.name}_reached_{index + 1}"
            for number, step in enumerate(group.absent, start=1):
                absent = f"{self.name}_absent_{index + 1}_{number}"
                yield absent, self.format_absent(step, reached)
                yield f"{absent}_next", self.format_next(step, absent, reached, self.list_kept(index))
                reached = f"{absent}_next"
                if index < last:
                    yield f"{absent}_ends", self.format_end(step, reached, self.list_kept(index))
                    reached = f"{absent}_ends"
                else:
                    yield f"{absent}_passed", self.format_passed(step, reached, self.list_kept(index))
                    reached = f"{absent}_passed"
        yield self.name, f"select distinct customer_id, now from {reached}"

    def list_kept(self, index: int) -> list[str]:
        """The attributes of a present step that it or steps after it are compared by."""
        group = self.groups[index]
        steps = [group.present, *group.absent, *(each.present for each in self.groups[index + 1 : index + 2])]
        return sorted({check_name(name) for step in steps for name in (*step.same, *step.different)})

    def format_step(self, index: int) -> str:
        """The events of one present step, with what the next step's limit leaves them to be followed."""
        step, kept = self.groups[index].present, self.list_kept(index)
        events = EventSet(step.events.types, step.events.filters, self.sequence.window)
        compared = [*step.same, *step.different] if index else []
        where = [self.conditions.format_set(events), *(f"e.{name} is not null" for name in compared)]
        columns = "".join(f", e.{name} as {name}" for name in kept)
        limit = self.groups[index + 1].present.within if index + 1 < len(self.groups) else None
        expires = f"e.at + {format_interval(limit)}" if limit else "m.now"
        query = (
            f"select distinct e.customer_id as customer_id, m.now as now, e.at as step_at{columns},"
            f" {expires} as expires_at {self.conditions.format_source(where, uses_lists(events))}"
        )
        if index + 1 == len(self.groups):
            return query
        following = self.groups[index + 1].present
        keys = ["customer_id", "now", *following.same]
        matched = " and ".join(f"later.{key} = step.{key}" for key in keys)
        return (
            f"select step.* from ({query}) step join (select distinct {', '.join(keys)}"
            f" from {self.name}_step_{index + 2}) later on {matched}"
        )

    def format_reached(self, index: int, before: str) -> str:
        """The events of a step that follow one of the step before as they must."""
        step, here = self.groups[index].present, f"{self.name}_step_{index + 1}"
        columns = ["customer_id", "now", "step_at", *self.list_kept(index), "expires_at"]
        if step.different:
            selected = ", ".join(f"later.{column}" for column in columns)
            return (
                f"select distinct {selected} from {here} later join {before} earlier"
                f" on {match_steps(step)} and earlier.expires_at >= later.step_at"
            )
        found = format_turns(columns, step, here, f"select *, expires_at as offered from {before}", "max")
        return f"select {', '.join(columns)} from ({found}) found where found_at >= step_at"

    def format_absent(self, step: Step, reached: str) -> str:
        """The events that an absent step forbids, of the customers concerned."""
        compared = list(dict.fromkeys((*step.same, *step.different)))
        start, _ = self.conditions.moments.add_window(self.sequence.window)
        where = [
            self.conditions.format_set(EventSet(step.events.types, step.events.filters)),
            *([f"e.at >= m.{start}"] if start else []),  # what comes after a step comes after the start too
            *(f"e.{name} is not null" for name in compared),
        ]
        columns = "".join(f", e.{check_name(name)} as {name}" for name in compared)
        keys = list_keys(step)
        matched = " and ".join(f"concerned.{key} = absent.{key}" for key in keys)
        source = self.conditions.format_source(where, uses_lists(step.events))
        return (
            f"select absent.* from (select distinct e.customer_id as customer_id, m.now as now,"
            f" e.at as step_at{columns} {source}) absent"
            f" join (select distinct {', '.join(keys)} from {reached}) concerned on {matched}"
        )

    def format_next(self, step: Step, absent: str, reached: str, kept: list[str]) -> str:
        """The reached events, each with the first forbidden event after it."""
        columns = ["customer_id", "now", "step_at", *kept, "expires_at"]
        if step.different:
            grouped = ", ".join(f"earlier.{column}" for column in columns)
            return (
                f"select {grouped}, min(later.step_at) as next_at from {reached} earlier"
                f" left join {absent} later on {match_steps(step)} group by {grouped}"
            )
        found = format_turns(columns, step, reached, f"select *, step_at as offered from {absent}", "min")
        return f"select {', '.join(columns)}, found_at as next_at from ({found}) found"

    def format_end(self, step: Step, reached: str, kept: list[str]) -> str:
        """The reached events, followed at longest up to their first forbidden event."""
        next_at = (
            f"case when next_at <= step_at + {format_interval(step.within)} then next_at end"
            if step.within
            else "next_at"
        )
        columns = ", ".join(["customer_id", "now", "step_at", *kept])
        return (
            f"select {columns}, case when {next_at} < expires_at then {next_at} else expires_at end"
            f" as expires_at from {reached}"
        )

    def format_passed(self, step: Step, reached: str, kept: list[str]) -> str:
        """The last step's events after which the forbidden did not happen in time."""
        columns = ", ".join(["customer_id", "now", "step_at", *kept, "expires_at"])
        if step.within is None:
            return f"select {columns} from {reached} where next_at is null"
        # Not read here: it tells who lists the moments at which an answer changes.
        self.conditions.moments.add_start(Duration(count_seconds(step.within), "second"))
        limit = f"step_at + {format_interval(step.within)}"
        return (
            f"select {columns} from {reached} where {limit} < now and (next_at is null or next_at > {limit})"
        )


def group_steps(sequence: Sequence) -> list[StepGroup]:
    """Present steps, each with the absent ones behind it.

    Raises:
        SegmentQueryError: the first step is absent.
    """
    groups: list[StepGroup] = []
    for step in sequence.steps:
        if not step.is_absent:
            groups.append(StepGroup(step))
        elif not groups:
            raise SegmentQueryError("a sequence begins with an event that is present")
        else:
            groups[-1].absent.append(step)
    return groups


def list_keys(step: Step) -> list[str]:
    """The columns in which an event equals the one that it follows."""
    return list(dict.fromkeys(["customer_id", "now", *step.same]))


def match_steps(step: Step) -> str:
    """The condition under which a `later` event follows an `earlier` one, but for how long after it."""
    conditions = [f"later.{key} = earlier.{key}" for key in list_keys(step)]
    conditions += [f"later.{name} <> earlier.{name}" for name in step.different]
    conditions.append("later.step_at > earlier.step_at")
    if step.after:
        conditions.append(f"later.step_at >= earlier.step_at + {format_interval(step.after)}")
    return " and ".join(conditions)


def format_turns(columns: list[str], step: Step, asking: str, offering: str, function: str) -> str:
    """The rows of one relation, each with the greatest that those before it offer (`max`), or the least that
    those after it do (`min`): both in one order of time, of which it is a running extreme.

    A row that asks is moved by `after` and then comes behind those of the same moment; without `after` it
    comes before them, because a step is strictly later than the one before.
    """
    keys = list_keys(step)
    others = [name for name in columns if name not in keys]
    has_after = step.after is not None and count_seconds(step.after) > 0
    sign, direction = ("-", "") if function == "max" else ("+", " desc")
    moved = f"step_at {sign} {format_interval(step.after)}" if has_after else "step_at"
    nothing = ", ".join(f"null as {name}" for name in others)
    return (
        f"select * from (select {', '.join(columns)}, turn, {function}(offered) over (partition by"
        f" {', '.join(keys)} order by turn_at{direction}, turn rows between unbounded preceding and current"
        f" row) as found_at from (select {', '.join([*keys, *others])}, {moved} as turn_at,"
        f" {2 if has_after else 0} as turn, cast(null as timestamp) as offered from {asking}"
        f" union all select {', '.join(keys)}, {nothing}, step_at as turn_at, 1 as turn, offered"
        f" from ({offering}) offers) turns) turned where turn <> 1"
    )


def format_interval(duration: Duration) -> str:
    """A length of time between two events."""
    return f"interval '{count_seconds(duration)} seconds'"


def count_seconds(duration: Duration) -> int:
    """A length of time between two events in seconds.

    Raises:
        SegmentQueryError: months and years have none.
    """
    if duration.unit not in ELAPSED:
        raise SegmentQueryError(f"between two events a {duration.unit} has no length")
    return min(LONGEST, duration.number * ELAPSED[duration.unit] // 1_000_000)

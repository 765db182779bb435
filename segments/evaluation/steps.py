"""The steps of a sequence: which events they ask for, and how these follow the present step before."""

from collections.abc import Callable
from dataclasses import dataclass

from segments.evaluation.matching import EventReader, Predicate, list_types
from segments.evaluation.windows import count_elapsed
from segments.events import Event
from segments.tree import rules


@dataclass(frozen=True)
class StepPlan:
    """A step: which events it asks for, and how they follow the present step before."""

    types: frozenset[str]
    accepts: Predicate | None
    is_absent: bool
    within: int | None
    after: int
    same: tuple[Callable, ...]
    different: tuple[Callable, ...]

    def follows(self, event: Event, previous: Event) -> bool:
        """Whether an event that matches comes behind the present step as it must."""
        passed = event.at - previous.at
        if passed <= 0 or passed < self.after or (self.within is not None and passed > self.within):
            return False
        for read in self.same:
            value = read(event)
            if value is None or value != read(previous):
                return False
        for read in self.different:
            value, before = read(event), read(previous)
            if value is None or before is None or value == before:
                return False
        return True


def plan_step(step: rules.Step, reader: EventReader) -> StepPlan:
    """A step, compiled."""
    return StepPlan(
        frozenset(list_types(step.events)),
        reader.make_predicate(step.events),
        step.is_absent,
        None if step.within is None else count_elapsed(step.within),
        0 if step.after is None else count_elapsed(step.after),
        tuple(reader.make_getter(name) for name in step.same),
        tuple(reader.make_getter(name) for name in step.different),
    )

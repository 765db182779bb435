"""What each stage of a decision did and how long it took, for `explain=true`.

The stages are functions and generators that call each other, so each is wrapped where the decision is made; a
stage's time is its own, without that of the stages it calls.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

from serving_app.recommendations.decision import FILTERS, STAGES, Rules

T = TypeVar("T")


@dataclass
class StageTrace:
    """What one stage did.

    Attributes:
        n_seen: candidates or rungs it looked at.
        removed: how many it removed, by reason.
    """

    n_seen: int = 0
    removed: Counter[str] = field(default_factory=Counter)
    nanoseconds: int = 0


class Trace:
    """The trace of one decision."""

    def __init__(self, timer: Callable[[], int]) -> None:
        """
        Args:
            timer: nanoseconds that only grow.
        """
        self._timer, self._inner = timer, [0]
        self.stages = {name: StageTrace() for name in STAGES}

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Add what passes meanwhile to a stage's time, without what other stages measure within it."""
        start = self._timer()
        self._inner.append(0)
        try:
            yield
        finally:
            elapsed = self._timer() - start
            self.stages[stage].nanoseconds += elapsed - self._inner.pop()
            self._inner[-1] += elapsed

    def count_removal(self, stage: str, reason: str) -> None:
        """Note that a stage removed an item."""
        self.stages[stage].removed[reason] += 1

    def follow_steps(self, stage: str, steps: Iterable[T]) -> Iterator[T]:
        """The same steps, each measured."""
        steps = iter(steps)
        while True:
            with self.measure(stage):
                try:
                    step = next(steps)
                except StopIteration:
                    return
            self.stages[stage].n_seen += 1
            yield step

    def follow_rules(self, rules: Rules) -> Rules:
        """The same rules with hard filters that are measured."""

        def find_removal(item_id: str) -> str | None:
            with self.measure(FILTERS):
                self.stages[FILTERS].n_seen += 1
                return rules.find_removal(item_id)

        return replace(rules, find_removal=find_removal)

    def follow_removals(self, find_removal: Callable[..., T | None]) -> Callable[..., T | None]:
        """The same function; what it removes is counted."""

        def follow(*arguments) -> T | None:
            removal = find_removal(*arguments)
            if removal is not None:
                self.count_removal(removal.stage, removal.reason)
            return removal

        return follow

    def as_answer(self) -> list[dict]:
        """The stages in their order, for an answer."""
        return [
            {
                "stage": name,
                "n_seen": stage.n_seen,
                "removed": dict(sorted(stage.removed.items())),
                "microseconds": round(stage.nanoseconds / 1000, 1),
            }
            for name, stage in self.stages.items()
        ]

"""What each stage of a decision did and how long it took, for `explain=true`.

The stages are functions and generators that call each other, so each is wrapped where the decision is made; a
stage's time is its own, without that of the stages it calls.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from serving_app.recommendations.decision import STAGES

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
    def measure(self, stage: str, n_seen: int = 0) -> Iterator[None]:
        """Add what passes meanwhile to a stage's time, without what other stages measure within it, and how
        many it looks at to what it saw.
        """
        self.stages[stage].n_seen += n_seen
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

    def follow_steps(self, stage: str, steps: Iterable[T], n_seen: int = 1) -> Iterator[T]:
        """The same steps, each measured.

        Args:
            n_seen: of each step.
        """
        steps = iter(steps)
        while True:
            with self.measure(stage):
                try:
                    step = next(steps)
                except StopIteration:
                    return
            self.stages[stage].n_seen += n_seen
            yield step

    def follow_calls(self, stage: str, function: Callable[..., T]) -> Callable[..., T]:
        """The same function, each call measured."""

        def follow(*arguments) -> T:
            with self.measure(stage, 1):
                return function(*arguments)

        return follow

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

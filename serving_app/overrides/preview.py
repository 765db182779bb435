"""What a dry run asks: lists before and after a change of overrides. Who decides lists answers it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from expectations.contracts.override import Override
from serving_app.overrides.changes import Applied


@dataclass(frozen=True)
class PreviewedChange:
    """A change whose effect is asked for.

    Attributes:
        before, after: all overrides.
        override_before, override_after: the one that changes; None: there is none.
        at: the moment of the lists: now, or the first at which the changed override is in force.
    """

    before: Sequence[Override]
    after: Sequence[Override]
    override_before: Override | None
    override_after: Override | None
    at: datetime

    @classmethod
    def of(cls, stored: Sequence[Override], applied: Applied, now: datetime) -> "PreviewedChange":
        changed = applied.after or applied.before
        at = max(now, changed.starts_at or now)
        return cls(stored, applied.overrides, applied.before, applied.after, at)

    @property
    def placement(self) -> str | None:
        """Where the lists are shown; None: anywhere."""
        return (self.override_after or self.override_before).placement


Preview = Callable[[PreviewedChange], dict]  # as `EffectAnswer`

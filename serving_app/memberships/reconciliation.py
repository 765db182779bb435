"""What live segments said at the end of a day against what the night says of it: each difference with its
cause. The night's is in force from then on.
"""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from expectations.contracts.files import write_text_atomically
from serving_app.memberships.night import LiveNight
from serving_app.memberships.record import OwnerRecord

MERGE, TIMER, CLOCK, LATE, CONTEXT, OTHER = "merge", "lost timer", "clock", "late", "context", "other"
MOST_NAMED = 1_000  # differences in the report; all are counted


class Difference(NamedTuple):
    """A membership that the night decides otherwise.

    Attributes:
        cause: a timer was due, nobody had looked, and who had would have said the same (`lost timer`); two
            customers are one now (`merge`); an event has another time (`clock`); the night has other events
            (`late`: they came later, or by a feed); what is known beside events is other (`context`); or none
            of these.
    """

    customer_id: str
    segment_id: str
    is_live: bool
    cause: str


class Reconciliation:
    """Compares owners, one after another, with what a night before knew of them."""

    def __init__(self, before: LiveNight | None, night: LiveNight) -> None:
        """
        Args:
            before: None: it is not known any more, as in a worker that was started behind it.
        """
        self._before, self._night = before, night
        self._live = before.live.live & night.live.live if before else frozenset()
        self.n_compared, self.differences = 0, list[Difference]()

    def compare(self, owner: str, record: OwnerRecord) -> None:
        """Compare an owner of whom something came since the night before."""
        before, base = self._before, self._night.read_base(owner)
        if before is None or base is None or record.tag != before.tag:
            return
        opened = before.open(owner, record)
        punctual = before.live.program.decide(opened.state, self._night.end, opened.context) & self._live
        # Who was due before the day ended, and at whom nobody has looked, was told what held before that.
        is_overdue = record.standing.changes_at <= self._night.end
        said = record.standing.members.keys() & self._live if is_overdue else punctual
        by_night = base.members.keys() & self._live
        self.n_compared += len(self._live)
        for name in sorted(said ^ by_night):
            is_late = name not in punctual ^ by_night
            cause = TIMER if is_late else self._find_cause(owner, record)
            self.differences.append(Difference(owner, name, name in said, cause))

    def _find_cause(self, owner: str, record: OwnerRecord) -> str:
        before, night = self._before, self._night
        if record.joined:
            return MERGE
        base = night.read_base(owner)
        ours = before.open(owner, record).state.events
        theirs = night.live.packer.unpack(base.state).events if base.state else []
        at_ours = {event.event_id: event.at for event in ours if event.at <= night.end}
        at_theirs = {event.event_id: event.at for event in theirs}
        both = at_ours.keys() & at_theirs.keys()
        if any(at_ours[event_id] != at_theirs[event_id] for event_id in both):
            return CLOCK
        if at_ours.keys() != at_theirs.keys():
            return LATE
        known = before.read_base(owner)
        if known is None or (known.fields, known.stays, known.lists) != (base.fields, base.stays, base.lists):
            return CONTEXT
        return OTHER

    def write(self, file: Path) -> None:
        """Write the report: how many answers were compared, how many differ, by cause, and which."""
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomically(file, json.dumps(self.describe(), indent=2))

    def describe(self) -> dict:
        """The report."""
        return {
            "snapshot": self._night.snapshot.name,
            "before": self._before.snapshot.name if self._before else None,
            "absorbed_date": self._night.snapshot.meta.get_absorbed_date().isoformat(),
            "n_compared": self.n_compared,
            "n_differing": len(self.differences),
            "by_cause": count_causes(self.differences),
            "differences": [each._asdict() for each in self.differences[:MOST_NAMED]],
        }


def count_causes(differences: Iterable[Difference]) -> dict[str, int]:
    """How many differences each cause has made."""
    return dict(sorted(Counter(each.cause for each in differences).items()))

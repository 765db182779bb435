"""The live nights of a worker: each with the definitions that were published since and count already."""

import logging
import threading
from typing import NamedTuple

from segments.evaluation.windows import NEVER
from segments.parsing.flaws import SegmentError
from serving_app.live.timestamps import to_microseconds
from serving_app.memberships.night import LiveNight
from serving_app.memberships.published_definitions import Published, PublishedDefinition, PublishedDefinitions
from serving_app.memberships.told import ShopTime
from serving_app.storage.protocols import SnapshotStore
from serving_app.storage.snapshots import Snapshot

logger = logging.getLogger(__name__)

OTHER_BUILD = (
    "the published night was made by another build of the code; the next night mends it (make night)"
)
NOT_UNDERSTOOD = (
    "this build of the code does not understand a definition of the published night, which the log names;"
    " the next night mends it (make night)"
)


class Opening(NamedTuple):
    """A snapshot's live night, as the definitions were that were published since.

    Attributes:
        ends_at: when another definition begins to count; `NEVER`: none waits.
        problem: why nothing of it lives though it has live definitions; empty: that is not so.
    """

    snapshot: Snapshot
    published: Published
    night: LiveNight | None
    ends_at: int
    problem: str = ""


class LiveNights:
    """Live nights by their snapshots. Two are kept: where a new one is published, an answer that began
    before goes on with the one of before, and neither is compiled twice.
    """

    def __init__(
        self,
        snapshots: SnapshotStore,
        definitions: PublishedDefinitions | None = None,
        time: ShopTime | None = None,
    ) -> None:
        """
        Args:
            definitions: those that were published since; None: nobody publishes any.
            time: the shop's.
        """
        self._lock, self._snapshots, self._time = threading.Lock(), snapshots, time
        self._definitions = definitions
        self._newest: tuple[Opening, ...] = ()

    def find_current(self) -> LiveNight | None:
        """The live night that is published now."""
        return self.find(self._snapshots.get_current())

    def find(self, snapshot: Snapshot | None) -> LiveNight | None:
        """The live night of a snapshot; None where it has none, or none that this build understands."""
        return self._open(snapshot).night if snapshot else None

    def find_problem(self, snapshot: Snapshot) -> str:
        """Why nothing of a snapshot lives though it has live definitions; empty: that is not so."""
        return self._open(snapshot).problem

    def describe_problem(self) -> str:
        """Why no segment lives by the published night, in a sentence; empty where that is as it should be."""
        snapshot = self._snapshots.get_current()
        problem = self.find_problem(snapshot) if snapshot else ""
        return f"segments do not live, and answers are the night's: {problem}" if problem else ""

    def _open(self, snapshot: Snapshot) -> Opening:
        published = self._definitions.read() if self._definitions else ()
        if opening := self._find_opening(snapshot, published):
            return opening
        with self._lock:
            opening = self._find_opening(snapshot, published)
            if opening is None:
                others = [each for each in self._newest if each.snapshot is not snapshot]
                opening = open_night(snapshot, published, self._time)
                self._newest = (opening, *others[:1])
            return opening

    def lives(self, snapshot: Snapshot, segment_id: str) -> bool:
        """Whether customers come into a segment and leave it between the nights."""
        night = self.find(snapshot)
        return night is not None and segment_id in night.live.live

    def _find_opening(self, snapshot: Snapshot, published: Published) -> Opening | None:
        for opening in self._newest:
            if opening.snapshot is snapshot and opening.published is published:
                return (
                    opening if opening.ends_at == NEVER or self._time.read().now < opening.ends_at else None
                )
        return None


def open_night(snapshot: Snapshot, published: Published = (), time: ShopTime | None = None) -> Opening:
    """The live night of a snapshot with the definitions published since that count by now."""
    none, rules = Opening(snapshot, published, None, NEVER), snapshot.read_live_rules()
    if not rules or not rules.texts:
        return none
    try:
        night = LiveNight(snapshot, rules)
        if night.live.fingerprint != rules.fingerprint:
            logger.error("segments do not live: snapshot %s was made by another build", snapshot.name)
            return none._replace(problem=OTHER_BUILD)
        news = [each for each in published if night.versions.get(each.segment_id) != each.version]
        if not news:
            return none._replace(night=night)
        since, now = find_starts(night, news, time), time.read().now
        counting = tuple(each for each in news if since[each.segment_id] <= now)
        ends_at = min([at for at in since.values() if at > now], default=NEVER)
        if counting:
            night = LiveNight(
                snapshot, rules, counting, {each.segment_id: since[each.segment_id] for each in counting}
            )
    except SegmentError as error:
        logger.error("segments do not live: %s", "; ".join(str(error).splitlines()))
        return none._replace(problem=NOT_UNDERSTOOD)
    return Opening(snapshot, published, night, ends_at)


def find_starts(night: LiveNight, news: list[PublishedDefinition], time: ShopTime) -> dict[str, int]:
    """From when on each definition counts, the shop's time: from its publication; not before all that it
    looks at lies behind the night, of which the service has not seen everything itself.
    """
    lag = time.find_lag(time.clock())
    return {each.segment_id: max(to_microseconds(each.at - lag), night.end + 1 + each.reach) for each in news}

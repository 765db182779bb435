"""One rung of a ladder, steered by what the visitor did since the last night."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from expectations.contracts.snapshot import ListItem
from serving_app.live.state import LiveState
from serving_app.recommendations.ladder import AUDIENCE, PERSONAL, POPULAR, SESSION, LiveReason, Rung
from serving_app.recommendations.steering import SteeredCandidates, SteeredItem, steer_candidates
from serving_app.storage.snapshots import Snapshot

# Weights are learned for a visitor's own list and for what is popular. A list about an item or a cart answers
# another question, and no gate has judged it steered.
STEERED_SOURCES = (PERSONAL, AUDIENCE, POPULAR)


def steer_rungs(rungs: Iterable[Rung], live: LiveState, snapshot: Snapshot, now: datetime) -> Iterator[Rung]:
    """The rungs, the first of `STEERED_SOURCES` that has items steered: a personal list stays one, what is
    popular becomes a list for this session. Where nothing steers they are as they were.
    """
    is_due = True
    for rung in rungs:
        if is_due and rung.source in STEERED_SOURCES and len(rung.items):
            is_due = False
            is_personal = rung.source == PERSONAL
            if steered := steer_candidates(rung.items, is_personal, live.events, snapshot, now):
                items = SteeredItems(steered)
                rung = Rung(PERSONAL if is_personal else SESSION, rung.about, items, rung.source)
        yield rung


class SteeredItems(Sequence[ListItem]):
    """Steered candidates as items of a list, made as they are asked for."""

    def __init__(self, steered: SteeredCandidates) -> None:
        self._steered = steered

    def __len__(self) -> int:
        return len(self._steered)

    def list_item_ids(self) -> list[str]:
        """The items' ids alone."""
        return self._steered.list_item_ids()

    def find_list_share(self, item_id: str) -> float:
        """What an item has of the list that was steered; the session added the rest of its score."""
        return self._steered.find_list_share(item_id)

    def __getitem__(self, place):
        if isinstance(place, slice):
            return [*map(make_list_item, self._steered[place])]
        return make_list_item(self._steered[place])


def make_list_item(steered: SteeredItem) -> ListItem:
    """A steered candidate as an item of a list; where an event speaks for it, `session` is a source."""
    sources = steered.base.sources if steered.base else ()
    if steered.because is None:
        return ListItem(steered.item_id, steered.score, sources, steered.base and steered.base.because)
    event = steered.because
    reason = LiveReason(event.item_id, event.occurred_at.date().isoformat(), event.event_type)
    return ListItem(steered.item_id, steered.score, (*sources, SESSION), reason)

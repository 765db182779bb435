"""Live behaviour steers the answer: a snapshot's learned weights, lists and factors, and a visitor's live
events, to candidates in a new order.

The maths is `models/steering`; here is what is read of a snapshot, lazily, and kept per snapshot.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np

from expectations.contracts import snapshot as contract
from expectations.contracts.packed_lists import PackedList
from models.factor_space import FactorSpace
from models.steering.events import TouchedItem, collect_touched_items
from models.steering.fold_in import FactorScorer
from models.steering.scoring import (
    NO_ITEMS,
    EventLists,
    FactorScores,
    RelatedItems,
    SteeredList,
    relate_items,
    steer,
    weigh_places,
)
from models.steering.weights import KINDS, CohortWeights, SteeringWeights
from serving_app.live.state import RecentEvent
from serving_app.storage.snapshots import Snapshot

# What a live event counts as: who clicks on a served list views the item.
KIND_OF_EVENT = {"view": 0, "click": 0, "cart": 1, "purchase": 2}
# Items whose lists are kept unpacked, per snapshot: 1.2 kB each with two lists of 50.
CACHED_ITEMS = 4096
SECONDS_A_DAY = 86_400.0
DECIMALS = 6  # of a score: a list's own has as many


class SteeredItem(NamedTuple):
    """A candidate of a steered list.

    Attributes:
        score: what orders it among the steered.
        base: the item as the list that was steered holds it; None: live behaviour alone proposes it.
        because: the visitor's live event that speaks most for it; None: none does.
    """

    item_id: str
    score: float
    base: contract.ListItem | None
    because: RecentEvent | None


class SteeredCandidates(Sequence[SteeredItem]):
    """Steered candidates, best first. Items are made as they are asked for: an answer needs ten of a
    thousand.
    """

    def __init__(
        self,
        steered: SteeredList,
        vocabulary: contract.ListVocabulary,
        base: Sequence[contract.ListItem],
        numbers: Sequence[int],
        speaking: Sequence[RecentEvent],
        base_weight: float,
    ) -> None:
        """
        Args:
            base, numbers: the list that was steered, and its items' numbers.
            speaking: the events by their place in `steered.events`.
            base_weight: what the first place of the list is worth.
        """
        self._base_weight = base_weight
        self._steered, self._vocabulary, self._speaking = steered, vocabulary, speaking
        self._base, self._place = base, {number: place for place, number in enumerate(numbers)}

    def __len__(self) -> int:
        return len(self._steered.items)

    def list_item_ids(self) -> list[str]:
        """The items' ids alone."""
        return [self._vocabulary.item_ids[number] for number in self._steered.items.tolist()]

    def find_list_share(self, item_id: str) -> float:
        """What an item's place in the list that was steered is worth; 0 of one that is not in it."""
        at = self._place.get(self._vocabulary.find_number(item_id))
        if at is None:
            return 0.0
        return round(self._base_weight * float(weigh_places(len(self._base))[at]), DECIMALS)

    def __getitem__(self, place):
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        number, event = int(self._steered.items[place]), int(self._steered.events[place])
        at = self._place.get(number)
        return SteeredItem(
            self._vocabulary.item_ids[number],
            round(float(self._steered.scores[place]), DECIMALS),
            None if at is None else self._base[at],
            None if event < 0 else self._speaking[event],
        )

    def __iter__(self) -> Iterator[SteeredItem]:
        return map(self.__getitem__, range(len(self)))


class SnapshotSteering:
    """Steers by one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot, self._vocabulary = snapshot, snapshot.vocabulary
        record = snapshot.read_steering()
        self._weights = read_weights(record)
        self._factors, self._row_of = self._read_factors() if record else (None, np.zeros(0, np.int64))
        # Of a function and not of a method: that would be a cycle, and the snapshot's file would stay open
        # until the collector looks through all that a worker has.
        self._read_lists = lru_cache(CACHED_ITEMS)(partial(unpack_lists, snapshot))

    def steer(
        self,
        base: Sequence[contract.ListItem],
        is_personal: bool,
        events: Sequence[RecentEvent],
        now: datetime,
    ) -> SteeredCandidates | None:
        """The candidates for a visitor with these live events; None: the list stays as it is, since they did
        nothing that steers, or nothing was learned for visitors like them.

        Args:
            base: the list that is steered.
            is_personal: whether it is the visitor's own.
            events: oldest first.
        """
        if not events or not self._weights.cohorts:
            return None
        newest = {event.item_id: event for event in events}
        touched = [
            (one, number)
            for one in collect_touched_items(
                (event.item_id, KIND_OF_EVENT[event.event_type], event.occurred_at.timestamp())
                for event in events
                if event.event_type in KIND_OF_EVENT
            )
            if (number := self._vocabulary.find_number(one.item)) is not None
        ]
        cohort = self._weights.find_cohort(len(touched), is_personal)
        if cohort is None:
            return None
        base, numbers = self._number_items(base)
        steered = steer(
            np.asarray(numbers, np.int64),
            [EventLists(one.kind, *self._read_lists(number), number) for one, number in touched],
            cohort,
            self._weights.half_life_places,
            self._fold_in(touched, cohort, now),
        )
        speaking = [newest[one.item] for one, _ in touched]
        return SteeredCandidates(steered, self._vocabulary, base, numbers, speaking, cohort.base)

    def _number_items(
        self, base: Sequence[contract.ListItem]
    ) -> tuple[Sequence[contract.ListItem], Sequence[int]]:
        """A list, and its items' numbers; items that no list of the snapshot knows are left out."""
        if isinstance(base, PackedList):
            return base, base.numbers
        found = [(listed, self._vocabulary.find_number(listed.item_id)) for listed in base]
        known = [(listed, number) for listed, number in found if number is not None]
        return [listed for listed, _ in known], [number for _, number in known]

    def _fold_in(
        self, touched: Sequence[tuple[TouchedItem, int]], cohort: CohortWeights, now: datetime
    ) -> FactorScores | None:
        """The scores of item numbers in the factor space."""
        if self._factors is None or not cohort.fold_in or not touched:
            return None
        rows = self._row_of[[number for _, number in touched]]
        kinds = np.array([one.kind for one, _ in touched])
        days = np.array([max(now.timestamp() - one.at, 0.0) for one, _ in touched]) / SECONDS_A_DAY
        score = self._factors.fold_in(rows, kinds, days)
        return None if score is None else lambda numbers: score(self._row_of[numbers])

    def _read_factors(self) -> tuple[FactorScorer | None, np.ndarray]:
        """The factors, and each item number's row among them: -1 for one without a place."""
        row_of = np.full(len(self._vocabulary.item_ids), -1, np.int64)
        record = self._snapshot.read_fold_in()
        if record is None:
            return None, row_of
        for row, item_id in enumerate(record.item_ids):
            number = self._vocabulary.find_number(item_id)
            if number is not None:
                row_of[number] = row
        space = FactorSpace.read(
            record.factors,
            record.gram,
            record.confidence,
            record.regularisation,
            record.half_life_days,
            [weight for _, weight in record.kinds],
        )
        return FactorScorer(space, record.trust), row_of


def unpack_lists(snapshot: Snapshot, number: int) -> tuple[RelatedItems, RelatedItems]:
    """What is similar to an item, and what sessions go on with after it."""
    item_id = snapshot.vocabulary.item_ids[number]
    keys = contract.get_similar_list_key(item_id), contract.get_next_list_key(item_id)
    similar, following = map(snapshot.read_list, keys)
    return (
        relate_items(similar.numbers, similar.scores) if isinstance(similar, PackedList) else NO_ITEMS,
        # its scores are weights already
        RelatedItems(np.array(following.numbers, np.int64), np.array(following.scores))
        if isinstance(following, PackedList)
        else NO_ITEMS,
    )


def read_weights(record: contract.SteeringRecord | None) -> SteeringWeights:
    """A snapshot's weights; none where there are none, or of other kinds of events than this build knows."""
    if record is None or tuple(record.kinds) != KINDS:
        return SteeringWeights(1.0, ())
    cohorts = tuple(
        CohortWeights(bool(personal), most, base, tuple(neighbours), tuple(transitions), fold_in)
        for personal, most, base, neighbours, transitions, fold_in in record.cohorts
    )
    return SteeringWeights(record.half_life_places, cohorts)


@lru_cache(maxsize=1)  # more would keep the file of a snapshot that is served no longer
def get_snapshot_steering(snapshot: Snapshot) -> SnapshotSteering:
    """The steering of a snapshot, read once."""
    return SnapshotSteering(snapshot)


def steer_candidates(
    base: Sequence[contract.ListItem],
    is_personal: bool,
    events: Sequence[RecentEvent],
    snapshot: Snapshot,
    now: datetime,
) -> SteeredCandidates | None:
    """`SnapshotSteering.steer` of this snapshot."""
    return get_snapshot_steering(snapshot).steer(base, is_personal, events, now) if events else None

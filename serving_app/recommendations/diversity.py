"""One list diversified while it is filled: maximal marginal relevance, and a cap on items of a category.

The same rule as `models/listing/diversity.py` has for whole tables of lists: place after place goes to the
candidate with the largest (1 - λ) · relevance - λ · likeness to the most alike item above it. Here it is
plain Python, item by item: numpy's calls cost more than they save on one list.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from expectations.contracts.snapshot import ItemFacts

CONTENDERS = 40  # of a rung, for any place; what stands lower follows as it stood

C = TypeVar("C")


class CategoryCap:
    """How many items of each category a list has, and whether it may have another."""

    def __init__(self, most: int | None, read_item: Callable[[str], ItemFacts | None]) -> None:
        """
        Args:
            most: None for no cap.
        """
        self._most, self._read_item = most, read_item
        self._counts: Counter[str] = Counter()

    def add(self, item_id: str) -> None:
        """Count an item. What has no category is under no cap."""
        if self._most is not None and (category := self._read_category(item_id)) is not None:
            self._counts[category] += 1

    def is_full_for(self, item_id: str) -> bool:
        """Whether the item's category has its share already."""
        if self._most is None:
            return False
        category = self._read_category(item_id)
        return category is not None and self._counts[category] >= self._most

    def _read_category(self, item_id: str) -> str | None:
        item = self._read_item(item_id)
        return item and item.category


def compute_likeness(one: ItemFacts | None, other: ItemFacts | None) -> float:
    """How alike two items are, 0…1: half for the same category, half for the same brand."""
    if one is None or other is None:
        return 0.0
    same_category = one.category is not None and one.category == other.category
    same_brand = one.brand is not None and one.brand == other.brand
    return (same_category + same_brand) / 2


def diversify(
    candidates: Iterable[C],
    get_item: Callable[[C], tuple[ItemFacts | None, float]],
    above: list[ItemFacts | None],
    weight: float,
) -> Iterator[C]:
    """The candidates of a rung in diversified order; each is chosen when it is asked for, by what stands
    above it then.

    Args:
        candidates: best first; read only as far as needed.
        get_item: a candidate's facts and score.
        above: the facts of the list so far, to which the caller adds what it places.
        weight: λ.
    """
    rest = iter(candidates)
    pool = [(candidate, *get_item(candidate)) for candidate in islice(rest, CONTENDERS)]
    scores = [score for _, _, score in pool]
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    span = high - low
    open_ = [
        [candidate, facts, (score - low) / span if span > 0 else 0.0, 0.0] for candidate, facts, score in pool
    ]
    n_compared = 0
    while open_:
        for facts in above[n_compared:]:
            for row in open_:
                row[3] = max(row[3], compute_likeness(row[1], facts))
        n_compared = len(above)
        # among equals the one that stood higher: `max` takes the first
        place = max(range(len(open_)), key=lambda at: (1 - weight) * open_[at][2] - weight * open_[at][3])
        yield open_.pop(place)[0]
    yield from rest

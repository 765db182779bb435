"""Items by what people type: every word stands in an item's id, title, brand or category."""

import threading
import unicodedata
from collections.abc import Iterable, Iterator
from heapq import nsmallest
from typing import NamedTuple

from expectations.contracts.snapshot import ItemFacts
from serving_app.http.problems import NotReady
from serving_app.storage.protocols import SnapshotStore
from serving_app.storage.snapshots import Snapshot

MOST_ITEMS = 200_000  # looked at: some 250 bytes each, in a worker that was asked
EXACT, ID_BEGINS, TITLE_BEGINS, WORD_BEGINS, WITHIN = range(5)


class FoundItem(NamedTuple):
    """An item that was found."""

    item_id: str
    title: str | None
    category: str | None
    price: float | None
    currency: str | None
    may_be_shown: bool


class Indexed(NamedTuple):
    """An item as it is searched: its texts folded."""

    folded_id: str
    folded_title: str
    text: str
    item_id: str

    def rank(self, query: str, words: list[str]) -> int | None:
        """How well it fits, 0 best; None: a word is missing."""
        if any(word not in self.text for word in words):
            return None
        if self.folded_id == query:
            return EXACT
        if self.folded_id.startswith(query):
            return ID_BEGINS
        if self.folded_title.startswith(query):
            return TITLE_BEGINS
        return WORD_BEGINS if all(f" {word}" in self.text for word in words) else WITHIN


class ItemSearch:
    """Searches the items of the published snapshot. The first search of a night reads them all."""

    def __init__(self, snapshots: SnapshotStore) -> None:
        self._snapshots, self._lock = snapshots, threading.Lock()
        self._index: tuple[Snapshot | None, list[Indexed]] = (None, [])

    def search(self, query: str, limit: int) -> list[FoundItem]:
        """The items that fit best, those whose id it is first; nothing of a query without a word.

        Raises:
            NotReady: nothing readable is published.
        """
        snapshot = self._snapshots.get_current()
        if snapshot is None:
            raise NotReady(self._snapshots.describe_problem())
        found = find_best(self._get_index(snapshot), query, limit)
        return [describe_item(name, facts) for name in found if (facts := snapshot.read_item(name))]

    def answer(self, query: str, limit: int) -> dict:
        """What `search` finds, as `FoundItemsAnswer`."""
        return {"items": [item._asdict() for item in self.search(query, limit)]}

    def _get_index(self, snapshot: Snapshot) -> list[Indexed]:
        with self._lock:
            if self._index[0] is not snapshot:
                self._index = (snapshot, [*index_items(snapshot.iterate_items(MOST_ITEMS))])
            return self._index[1]


def index_items(items: Iterable[tuple[str, ItemFacts]]) -> Iterator[Indexed]:
    """Items with their texts folded."""
    for item_id, facts in items:
        folded_id, title = fold_text(item_id), fold_text(facts.title or "")
        more = fold_text(f"{facts.brand or ''} {facts.category or ''}")
        yield Indexed(folded_id, title, f" {folded_id} {title} {more}", item_id)


def find_best(index: Iterable[Indexed], query: str, limit: int) -> list[str]:
    """The ids of the items that fit best; of equals by title and id."""
    query = fold_text(query)
    if not (words := query.split()):
        return []
    ranked = (
        (rank, item.folded_title, item.item_id)
        for item in index
        if (rank := item.rank(query, words)) is not None
    )
    return [item_id for _, _, item_id in nsmallest(limit, ranked)]


def fold_text(text: str) -> str:
    """A text without letter case, accents and doubled spaces."""
    if not text.isascii():
        text = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return " ".join(text.casefold().split())


def describe_item(item_id: str, facts: ItemFacts) -> FoundItem:
    """An item as it is shown to who searches."""
    return FoundItem(
        item_id, facts.title, facts.category, facts.price, facts.currency, bool(facts.may_be_shown)
    )

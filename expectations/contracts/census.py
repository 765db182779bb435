"""How many items each category of a snapshot has, and how many customers each segment: what an override for
them would concern.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

import msgpack

from expectations.contracts.text import compose_nfc

CENSUS = b"census"  # its key in a snapshot; not there in one made before there was a census


@lru_cache(maxsize=4096)  # asked for every item of an answer
def fold_category(category: str) -> str:
    """A category's name as it is compared: letter case and white space tell nothing."""
    return " ".join(compose_nfc(category).casefold().split())


@lru_cache(maxsize=16_384)
def fold_categories(category: str | None, category_path: tuple[str, ...]) -> tuple[str, ...]:
    """Every category an item belongs to, broadest first, each once."""
    names = (*([category] if category else []), *category_path)
    return tuple(dict.fromkeys(filter(None, map(fold_category, names))))


class Census(NamedTuple):
    """Items by folded category, customers by segment; those of a snapshot, who may be personalised for."""

    categories: Mapping[str, int]
    segments: Mapping[str, int]

    @classmethod
    def count(
        cls, categories_of_items: Iterable[Iterable[str]], segments_of_customers: Iterable[Iterable[str]]
    ) -> "Census":
        """The census of these items and customers, each given as what it belongs to."""
        return cls(
            Counter(name for names in categories_of_items for name in names),
            Counter(name for names in segments_of_customers for name in names),
        )

    def as_bytes(self) -> bytes:
        return msgpack.packb([dict(self.categories), dict(self.segments)])

    @classmethod
    def of_bytes(cls, packed: bytes) -> "Census":
        return cls(*msgpack.unpackb(packed))

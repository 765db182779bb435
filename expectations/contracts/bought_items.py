"""What a customer bought before the night and is not due again, as bytes: four bytes an item, six where
numbers of items need more than two.

An item is its number in the snapshot's `ListVocabulary`, ascending, so that one is found by bisection; behind
the numbers stand the days of the last purchases.
"""

import struct
from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from expectations.contracts.packed_lists import EPOCH, NARROW_ITEMS, ListVocabulary

NARROW, WIDE = 2, 4  # bytes of a number: the first byte of a record
FORMATS = {NARROW: "H", WIDE: "I"}
DAY_BYTES = 2


class BoughtItems:
    """A customer's bought items, read where they are looked at."""

    def __init__(self, packed: bytes, vocabulary: ListVocabulary) -> None:
        """
        Raises:
            ValueError: other code wrote it.
        """
        width = packed[0]
        if width not in FORMATS:
            raise ValueError(f"bought items packed in way {width}; this code reads {sorted(FORMATS)}")
        n = (len(packed) - 1) // (width + DAY_BYTES)
        self._numbers = struct.unpack_from(f"<{n}{FORMATS[width]}", packed, 1)
        self._packed, self._days_at, self._vocabulary = packed, 1 + n * width, vocabulary

    def __len__(self) -> int:
        return len(self._numbers)

    def find_date(self, item_id: str) -> date | None:
        """The day of the last purchase of an item, UTC; None: there is none that counts."""
        number = self._vocabulary.find_number(item_id)
        if number is None:
            return None
        place = bisect_left(self._numbers, number)
        if place == len(self._numbers) or self._numbers[place] != number:
            return None
        [day] = struct.unpack_from("<H", self._packed, self._days_at + place * DAY_BYTES)
        return EPOCH + timedelta(days=day)


def pack_bought_items(numbers: Sequence[int], days: Sequence[int]) -> bytes:
    """Bought items as bytes.

    Args:
        numbers: of the items, ascending; at least one.
        days: of the last purchase of each, since 1970-01-01.
    """
    width = NARROW if numbers[-1] < NARROW_ITEMS else WIDE
    return b"".join(
        (bytes([width]), np.asarray(numbers, f"<u{width}").tobytes(), np.asarray(days, "<u2").tobytes())
    )

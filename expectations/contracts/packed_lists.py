"""Ranked lists as bytes: 100 items with scores, sources and evidence in less than a kilobyte.

An item is its number in the snapshot's catalogue and a set of sources its number in the snapshot's table of
them, both written once a snapshot. Order, items, sources and evidence come back as they were. A score is one
of 65,536 steps between the lowest and the highest of its list and comes back rounded to a step's last digit:
within a step and a half of it, and never in another order.

A list of the layout before (`snapshot.LAYOUT` 1) begins with msgpack's mark of an array of four and is read
as well.
"""

import math
import struct
import sys
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta
from math import floor, log10
from typing import NamedTuple

import msgpack

FIRST_LAYOUT = 0x94  # msgpack: an array of four
PACKED = 2
WIDE, BECAUSE = 1, 2  # flags: numbers of items take three bytes; there is evidence
HEAD = struct.Struct("<BBHdd")  # PACKED, flags, length, lowest score, highest score
STEPS = 65_535
EPOCH = date(1970, 1, 1)
NARROW_ITEMS, MOST_ITEMS, MOST_EVIDENCE = 1 << 16, 1 << 24, 255
FEW = 8  # items whose places are looked for one by one: more cost as much as to note every place


class ReasonItem(NamedTuple):
    """The item of the customer's own history that speaks most for a listed one, and the last day they wanted
    it (ISO text).
    """

    item_id: str
    wanted_date: str


class ListItem(NamedTuple):
    """One item of a list, as the recommenders ranked it; `sources` are the names of those that
    proposed it.
    """

    item_id: str
    score: float
    sources: tuple[str, ...]
    because: ReasonItem | None = None


class ListVocabulary:
    """What numbers stand for in a snapshot's lists."""

    def __init__(self, item_ids: Iterable[str] = (), groups: Iterable[Sequence[str]] = ()) -> None:
        """
        Args:
            item_ids: the items by number. Others that a list is packed with are numbered behind them.
            groups: sets of sources by number; such as lists are packed with are added.
        """
        self.item_ids, self.groups = list(item_ids), [tuple(group) for group in groups]
        self._items = {item_id: number for number, item_id in enumerate(self.item_ids)}
        self._groups = {group: number for number, group in enumerate(self.groups)}

    def as_bytes(self) -> bytes:
        return msgpack.packb((self.item_ids, self.groups))

    @classmethod
    def of_bytes(cls, packed: bytes) -> "ListVocabulary":
        return cls(*msgpack.unpackb(packed))

    def pack(
        self,
        ids: Sequence[str],
        scores: Sequence[float],
        sources: Sequence[tuple[str, ...]],
        because: Sequence[tuple[int, str, str]] = (),
    ) -> bytes:
        """A list as bytes.

        Args:
            ids, scores, sources: of equal length, best first.
            because: place (from 0), item and day (ISO) of what speaks for an item, for the places where
                something does.

        Raises:
            ValueError: more items, sets of sources or different evidence than there are numbers for.
        """
        numbers = [self._item(item_id) for item_id in ids]
        groups = [self._group(tuple(group)) for group in sources]
        low, high = (min(scores), max(scores)) if scores else (0.0, 0.0)
        scale = STEPS / (high - low) if high > low else 0.0
        if not math.isfinite(scale):  # the scores differ by less than 3e-304: they are equal
            scale = 0.0
        steps = [round((score - low) * scale) for score in scores]
        speaks = {place: (item_id, day) for place, item_id, day in because}
        found = {one: number for number, one in enumerate(dict.fromkeys(speaks.values()), start=1)}
        evidence = [(self._item(item_id), (date.fromisoformat(day) - EPOCH).days) for item_id, day in found]
        if len(found) > MOST_EVIDENCE:
            raise ValueError(
                f"a list with {len(found)} different reasons; there are numbers for {MOST_EVIDENCE}"
            )
        wide = max([*numbers, *[item for item, _ in evidence]], default=0) >= NARROW_ITEMS
        parts = [HEAD.pack(PACKED, WIDE * wide | BECAUSE * bool(found), len(numbers), low, high)]
        parts += [_numbers(numbers, wide), struct.pack(f"<{2 * len(numbers)}H", *steps, *groups)]
        if found:
            parts.append(
                bytes([len(found), *[found.get(speaks.get(place), 0) for place in range(len(numbers))]])
            )
            parts += [
                _numbers([item for item, _ in evidence], wide),
                struct.pack(f"<{len(found)}H", *[day for _, day in evidence]),
            ]
        return b"".join(parts)

    def unpack(self, packed: bytes) -> Sequence[ListItem]:
        """The list, best first. Items are made as they are asked for: an answer needs ten of a hundred."""
        return _of_first_layout(packed) if packed[0] == FIRST_LAYOUT else PackedList(packed, self)

    def find_number(self, item_id: str) -> int | None:
        """An item's number; None for one that no list knows."""
        return self._items.get(item_id)

    def _item(self, item_id: str) -> int:
        number = self._items.setdefault(item_id, len(self.item_ids))
        if number == len(self.item_ids):
            if number == MOST_ITEMS:
                raise ValueError(f"more than {MOST_ITEMS:,} items in lists")
            self.item_ids.append(item_id)
        return number

    def _group(self, group: tuple[str, ...]) -> int:
        number = self._groups.setdefault(group, len(self.groups))
        if number == len(self.groups):
            if number > STEPS:
                raise ValueError(f"more than {STEPS + 1:,} different sets of sources in lists")
            self.groups.append(group)
        return number


class PackedList(Sequence[ListItem]):
    """A packed list, read where it is looked at."""

    def __init__(self, packed: bytes, catalogue: ListVocabulary) -> None:
        kind, flags, n, self._low, high = HEAD.unpack_from(packed)
        if kind != PACKED:
            raise ValueError(f"a list packed in way {kind}; this code reads {PACKED}")
        self._catalogue, self._step = catalogue, (high - self._low) / STEPS
        self._decimals = max(0, -floor(log10(self._step))) if self._step > 0 else None
        self._items, at = _read_numbers(packed, HEAD.size, n, flags & WIDE)
        self._steps_and_groups = _read_shorts(packed, at, 2 * n)
        self._reasoned: bytes | None = None
        if flags & BECAUSE:
            at += 4 * n
            n_reasons, self._reasoned = packed[at], packed[at + 1 : at + 1 + n]
            items, at = _read_numbers(packed, at + 1 + n, n_reasons, flags & WIDE)
            self._reasons = list(zip(items, _read_shorts(packed, at, n_reasons), strict=True))

    @property
    def numbers(self) -> Sequence[int]:
        """The items' numbers, best first."""
        return self._items

    @property
    def scores(self) -> Sequence[float]:
        """The items' scores, descending; not rounded."""
        return [self._low + step * self._step for step in self._steps_and_groups[: len(self)]]

    def list_item_ids(self) -> list[str]:
        """The items' ids, best first: a tenth of what whole items cost."""
        item_ids = self._catalogue.item_ids
        return [item_ids[number] for number in self._items]

    def find_places(self, item_ids: Collection[str]) -> dict[str, int]:
        """The places of those of these items that the list holds; a few are found without making the ids of
        all.
        """
        find, numbers, names = self._catalogue.find_number, self._items, self._catalogue.item_ids
        if len(item_ids) > len(numbers):
            return {names[number]: place for place, number in enumerate(numbers) if names[number] in item_ids}
        listed = set(map(find, item_ids)).intersection(numbers)
        if len(listed) <= FEW:
            return {names[number]: numbers.index(number) for number in listed}
        return {names[number]: place for place, number in enumerate(numbers) if number in listed}

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, place):
        if type(place) is int and 0 <= place < len(self._items):  # nearly always
            return self._listed(place)
        if isinstance(place, slice):
            return [self._listed(one) for one in range(*place.indices(len(self)))]
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        return self._listed(place % len(self))

    def __iter__(self) -> Iterator[ListItem]:
        return map(self._listed, range(len(self._items)))

    def _listed(self, place: int) -> ListItem:
        vocabulary, n = self._catalogue, len(self._items)
        item_id = vocabulary.item_ids[self._items[place]]
        score = self._low + self._steps_and_groups[place] * self._step
        score = score if self._decimals is None else round(score, self._decimals)
        sources = vocabulary.groups[self._steps_and_groups[n + place]]
        if self._reasoned is None or not self._reasoned[place]:
            return ListItem(item_id, score, sources)
        item, day = self._reasons[self._reasoned[place] - 1]
        return ListItem(
            item_id,
            score,
            sources,
            ReasonItem(vocabulary.item_ids[item], (EPOCH + timedelta(days=day)).isoformat()),
        )


def _of_first_layout(packed: bytes) -> list[ListItem]:
    ids, scores, numbers, groups = msgpack.unpackb(packed)
    source_groups = [tuple(group) for group in groups]
    return [
        ListItem(item_id, score, source_groups[number])
        for item_id, score, number in zip(ids, scores, numbers, strict=True)
    ]


def _numbers(numbers: Sequence[int], wide: bool) -> bytes:
    """Two bytes each, and behind them all third bytes where there are such."""
    low = struct.pack(f"<{len(numbers)}H", *[number & 0xFFFF for number in numbers])
    return low + bytes(number >> 16 for number in numbers) if wide else low


def _read_numbers(packed: bytes, at: int, n: int, wide: int) -> tuple[Sequence[int], int]:
    """The numbers, and where they end."""
    low, end = _read_shorts(packed, at, n), at + 2 * n
    if not wide:
        return low, end
    return [one | high << 16 for one, high in zip(low, packed[end : end + n], strict=True)], end + n


def _read_shorts(packed: bytes, at: int, n: int) -> array:
    """Numbers of two bytes. Of three hundred an answer looks at some thirty, and an array makes those alone.

    Raises:
        ValueError: the list is cut off.
    """
    shorts = array("H", packed[at : at + 2 * n])
    if len(shorts) != n:
        raise ValueError("a packed list is cut off")
    if sys.byteorder == "big":
        shorts.byteswap()
    return shorts

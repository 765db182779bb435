"""Overrides, and where they are kept: one state shared by all workers, written durably, seen by the next request of each."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgpack

from expectations.contracts.ids import normalise_id
from serving_app.environments import environment

PIN, BLOCK, BOOST = "pin", "block", "boost"
MAP_BYTES = 1 << 30


@dataclass(frozen=True)
class Override:
    """One rule of an operator.

    Attributes:
        kind: pin, block or boost.
        customer_id: whom it is for; None: everyone.
        position: place of a pin, from 1; 0 for other kinds.
        factor: what a boost multiplies a score by; 1 for other kinds.
        until: the first moment it is no longer in force.
    """

    override_id: str
    kind: str
    item_id: str
    customer_id: str | None
    position: int
    factor: float
    until: datetime
    created_at: datetime
    note: str = ""

    def in_force(self, now: datetime) -> bool:
        return now < self.until


class OverrideStore(Protocol):
    """Where overrides live. `all` is asked once a request."""

    def all(self) -> tuple[Override, ...]:
        """Every override kept, oldest first; some may have ended. The same object as long as nothing was written."""

    def put(self, override: Override) -> None:
        """Keep one, and forget those that ended before it; durable when this returns, and seen by every worker's next request."""

    def delete(self, override_id: str) -> bool:
        """Forget one; False when there was none of that id."""


class MemoryOverrides:
    """The store's twin in memory."""

    def __init__(self) -> None:
        self._kept: tuple[Override, ...] = ()

    def all(self) -> tuple[Override, ...]:
        return self._kept

    def put(self, override: Override) -> None:
        self._kept = _ordered([*self._kept, override], override.created_at)

    def delete(self, override_id: str) -> bool:
        before, self._kept = self._kept, tuple(one for one in self._kept if one.override_id != override_id)
        return len(before) > len(self._kept)


class LmdbOverrides:
    """Overrides in one LMDB environment: many reading processes, one writer at a time, each write synced.

    The number of its newest transaction stands in the shared map, so asking whether anything was written costs no read.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._env = environment(folder, map_size=MAP_BYTES)
        self._env.reader_check()  # slots of workers that were killed
        self._lock = threading.Lock()
        self._read: tuple[int, tuple[Override, ...]] = (-1, ())

    def all(self) -> tuple[Override, ...]:
        if self._env.info()["last_txnid"] != self._read[0]:
            with self._lock, self._env.begin() as txn:
                kept = _ordered((_unpacked(value) for _, value in txn.cursor()), None)
                self._read = (txn.id(), kept)
        return self._read[1]

    def put(self, override: Override) -> None:
        with self._env.begin(write=True) as txn:
            for key, value in list(txn.cursor()):
                if not _unpacked(value).in_force(override.created_at):
                    txn.delete(key)
            txn.put(override.override_id.encode(), _packed(override))

    def delete(self, override_id: str) -> bool:
        with self._env.begin(write=True) as txn:
            return txn.delete(override_id.encode())


class Rules:
    """The overrides that may concern a customer, found without looking at all of them."""

    def __init__(
        self,
        overrides: Iterable[Override],
        current_id: Callable[[str], str | None],
        item_id: Callable[[str], str] = normalise_id,
    ) -> None:
        """
        Args:
            current_id: what a customer id of any age stands for now: an override outlives a merge of its customer.
            item_id: an item's id in the normal form of the shop's catalogue: an override may be older than its rule.
        """
        self._everyone: list[Override] = []
        self._customers: dict[str, list[Override]] = {}
        for one in (replace(each, item_id=item_id(each.item_id)) for each in overrides):
            if one.customer_id is None:
                self._everyone.append(one)
            else:
                self._customers.setdefault(current_id(one.customer_id) or one.customer_id, []).append(one)

    def of(self, customer_id: str | None) -> list[Override]:
        """Overrides for this customer, then those for everyone, each oldest first."""
        return self._customers.get(customer_id or "", []) + self._everyone


def _ordered(overrides: Iterable[Override], now: datetime | None) -> tuple[Override, ...]:
    kept = (one for one in overrides if now is None or one.in_force(now))
    return tuple(sorted(kept, key=lambda one: (one.created_at, one.override_id)))


def _packed(override: Override) -> bytes:
    said = asdict(override)
    return msgpack.packb({**said, "until": override.until.isoformat(), "created_at": override.created_at.isoformat()})


def _unpacked(packed: bytes) -> Override:
    said = msgpack.unpackb(packed)
    return Override(
        **{**said, "until": datetime.fromisoformat(said["until"]), "created_at": datetime.fromisoformat(said["created_at"])}
    )

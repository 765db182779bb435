"""Overrides, and the store of them: one state shared by all workers, written durably, seen by the next
request of each.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from expectations.contracts.ids import normalise_id

PIN, BLOCK, BOOST = "pin", "block", "boost"


class OverridesOutOfReach(RuntimeError):  # noqa: N818 - reads as what it says
    """An override cannot be written: a full disk, no right to. Nothing was changed; the message holds no
    path.
    """


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
        """Every override kept, oldest first; some may have ended. The same object as long as nothing was
        written.
        """

    def put(self, override: Override) -> None:
        """Keep one, and forget those that ended before it; durable when this returns, and seen by every
        worker's next request.

        Raises:
            OverridesOutOfReach: it cannot be written.
        """

    def delete(self, override_id: str) -> bool:
        """Forget one; False when there was none of that id.

        Raises:
            OverridesOutOfReach: that cannot be written.
        """

    def problem(self) -> str:
        """What is wrong with what is kept, and what holds instead; empty when nothing is."""


class MemoryOverrides:
    """The store's twin in memory."""

    def __init__(self) -> None:
        self._kept: tuple[Override, ...] = ()

    def all(self) -> tuple[Override, ...]:
        return self._kept

    def put(self, override: Override) -> None:
        self._kept = ordered([*self._kept, override], override.created_at)

    def delete(self, override_id: str) -> bool:
        before, self._kept = self._kept, tuple(one for one in self._kept if one.override_id != override_id)
        return len(before) > len(self._kept)

    def problem(self) -> str:
        return ""


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
            current_id: what a customer id of any age stands for now: an override outlives a merge of its
                customer.
            item_id: an item's id in the normal form of the shop's catalogue: an override may be older than
                its rule.
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


def ordered(overrides: Iterable[Override], now: datetime | None = None) -> tuple[Override, ...]:
    """Oldest first; with `now`, only those in force then."""
    kept = (one for one in overrides if now is None or one.in_force(now))
    return tuple(sorted(kept, key=lambda one: (one.created_at, one.override_id)))

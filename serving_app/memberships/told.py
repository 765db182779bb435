"""What was told of an owner's memberships: a transition is written where what is so differs from it."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from expectations.contracts.live_states import get_told_key
from expectations.contracts.transitions import Transition, encode_transition
from segments.standing import Turn
from segments.told import Tellings, Told, Versions, pack_tellings, select_untold, unpack_tellings
from serving_app.live.backends import BackendTransaction
from serving_app.live.packing import unpack_or
from serving_app.live.timestamps import to_microseconds


class When(NamedTuple):
    """When something is told: by the shop's time and by the clock, microseconds since 1970."""

    now: int
    told_at: int


class ShopTime(NamedTuple):
    """What time it is in the shop: by the clock, and by how much its own calendar lags that."""

    clock: Callable[[], datetime]
    find_lag: Callable[[datetime], timedelta]

    def read(self) -> When:
        """The present moment."""
        now = self.clock()
        return When(to_microseconds(now - self.find_lag(now)), to_microseconds(now))


def read_told(transaction: BackendTransaction, owner: str) -> Tellings | None:
    """What was told of an owner; None: nothing ever, not even in silence."""
    (packed,) = transaction.get_many([get_told_key(owner)])
    return unpack_or(packed, unpack_tellings, None)


def write_told(transaction: BackendTransaction, owner: str, told: Tellings) -> None:
    """Store what was told of an owner."""
    transaction.put(get_told_key(owner), pack_tellings(told))


def tell(
    transaction: BackendTransaction, owner: str, turns: Iterable[Turn], told_at: int, versions: Versions
) -> list[Turn]:
    """Put what was not told yet into the outbox, and remember it.

    Args:
        told_at: by the clock, microseconds since 1970.
        versions: of the definitions, by segment.
    """
    told = read_told(transaction, owner) or {}
    untold = select_untold(told, turns)
    for turn in untold:
        version = versions.get(turn.segment_id, "")
        transition = Transition(
            owner, turn.segment_id, turn.is_entered, turn.since, told_at, turn.reason, version
        )
        transaction.tell(encode_transition(transition))
        told[turn.segment_id] = Told(turn.is_entered, turn.since)
    if untold:
        write_told(transaction, owner, told)
    return untold

"""What the live state asks of a database: keys and values, read many at once, changed in transactions.

The keys are spelled out here, and those that the stream writes too in `contracts.live_states`.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from expectations.contracts.live_states import NOTES, TOLD

DAY = 24 * 3600
# Prefix of a key, and after how many seconds without a write its value is deleted.
STATES, EXPOSURES, ALIASES, CUSTOMERS, MESSAGES, BROWSERS = b"s/", b"x/", b"a/", b"c/", b"m/", b"b/"
MEMBERSHIPS, TIMERS, OUTBOX = b"g/", b"t/", b"o/"
OF_VISITORS = (STATES, EXPOSURES, MEMBERSHIPS)  # behind which stands the root whose behaviour it is
FOR_EVER = 4000 * DAY
MOST_FILLING_SECONDS = 600  # in which what happened before is brought in; then whoever did has ended
TIMER_HEAD = len(TIMERS) + 8  # of a key of a timer, behind which its owner stands
LIFETIMES = {
    STATES: 30 * DAY,
    EXPOSURES: 14 * DAY,
    ALIASES: 30 * DAY,
    CUSTOMERS: 30 * DAY,
    BROWSERS: 7 * DAY,
    # A client that was away sends again for days. Later ones change nothing either: states are sets of
    # events, and the night drops them by their id.
    MESSAGES: 7 * DAY,
    MEMBERSHIPS: 30 * DAY,
    # What was told of memberships stays as long as the memberships do: forgotten, it would be told again.
    TOLD: FOR_EVER,
    TIMERS: FOR_EVER,
    OUTBOX: FOR_EVER,
    NOTES: FOR_EVER,
}


class BackendError(RuntimeError):
    """The database cannot be read or written now. Says why, without a path, address or value."""


class DueOwner(NamedTuple):
    """An owner, and the moment of their timer, microseconds since 1970."""

    owner: str
    due: int


class OutboxEntry(NamedTuple):
    """A line that waits to be told, and its name in the outbox."""

    name: bytes
    line: bytes


class BackendTransaction(Protocol):
    """One atomic change: it reads what it wrote, and is committed whole or not at all."""

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values, None where there is none."""

    def prepare(self, keys: Sequence[bytes]) -> None:
        """These keys will be asked for: where each call is a round trip, one reads them all."""

    def put(self, key: bytes, value: bytes) -> None:
        """Write a value; it lives as long as `LIFETIMES` says of its prefix."""

    def delete(self, key: bytes) -> None:
        """Delete a value, if there is one."""

    def set_timer(self, owner: str, before: int, due: int) -> None:
        """Let an owner be due at another moment, microseconds since 1970; 0: at none.

        Args:
            before: what it was.
        """

    def tell(self, line: bytes) -> None:
        """Put a line into the outbox, behind all others."""


class LiveBackend(Protocol):
    """A database; every method raises `BackendError` when it is away or damaged.

    Attributes:
        begun_anew: why this process has begun it anew, so that somebody must fill it; empty: it has not.
    """

    begun_anew: str

    def read(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values, None where there is none."""

    def update(self, change: Callable[[BackendTransaction], None], is_patient: bool = False) -> None:
        """Run a change in one transaction; a change that met another one is run again.

        Args:
            is_patient: nobody waits for it, so it may take a second.
        """

    def sweep(self, is_forbidden: Callable[[str], bool]) -> None:
        """Delete some of what has outlived its lifetime, or lies under a forbidden root: for a timer."""

    def list_due(self, now: int, most: int) -> list[DueOwner]:
        """The owners that are due by a moment, the longest due first."""

    def read_outbox(self, most: int) -> list[OutboxEntry]:
        """The oldest lines of the outbox."""

    def empty_outbox(self, entries: Sequence[OutboxEntry]) -> None:
        """Delete what `read_outbox` gave."""

    def list_keys(self, prefix: bytes, after: bytes, most: int) -> tuple[list[bytes], bytes]:
        """Some keys of a kind, and where to go on behind them; empty: these were the last.

        Args:
            after: what was returned before; empty: from the first on.
        """

    def is_filling(self) -> bool:
        """Whether it was begun anew, and somebody still brings in what happened before."""

    def end_filling(self) -> None:
        """What happened before is in."""

    def take_lead(self) -> bool:
        """Whether this worker is the one that keeps the memberships of all: who has been stays so, until it
        ends.
        """


def get_state_key(root: str) -> bytes:
    return STATES + root.encode()


def get_exposures_key(root: str) -> bytes:
    return EXPOSURES + root.encode()


def get_alias_key(anonymous_root: str) -> bytes:
    return ALIASES + anonymous_root.encode()


def get_customer_key(customer_id: str) -> bytes:
    return CUSTOMERS + customer_id.encode()


def get_message_key(message_id: str) -> bytes:
    return MESSAGES + hashlib.blake2b(message_id.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def get_browsers_key(user_root: str) -> bytes:
    return BROWSERS + user_root.encode()


def get_memberships_key(owner: str) -> bytes:
    return MEMBERSHIPS + owner.encode()


def get_timer_key(due: int, owner: str) -> bytes:
    """In order of time."""
    return TIMERS + due.to_bytes(8) + owner.encode()


def read_timer_key(key: bytes) -> DueOwner:
    """Whose timer it is, and when."""
    return DueOwner(key[TIMER_HEAD:].decode(), int.from_bytes(key[len(TIMERS) : TIMER_HEAD]))


def is_of_forbidden(key: bytes, is_forbidden: Callable[[str], bool]) -> bool:
    """Whether a key holds behaviour of a root that is forbidden."""
    return key[:2] in OF_VISITORS and is_forbidden(key[2:].decode())

"""What the live state asks of a database: keys and values, read many at once, changed in transactions.

The keys are spelled out here and nowhere else.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Protocol

DAY = 24 * 3600
LAYOUT = 1  # raised when a key or a value changes its shape; values of another one are begun anew
# Prefix of a key, and after how many seconds without a write its value is deleted.
STATES, EXPOSURES, ALIASES, CUSTOMERS, MESSAGES, BROWSERS = b"s/", b"x/", b"a/", b"c/", b"m/", b"b/"
OF_VISITORS = (STATES, EXPOSURES)  # behind which stands the root whose behaviour it is
LIFETIMES = {
    STATES: 30 * DAY,
    EXPOSURES: 14 * DAY,
    ALIASES: 30 * DAY,
    CUSTOMERS: 30 * DAY,
    BROWSERS: 7 * DAY,
    # A client that was away sends again for days. Later ones change nothing either: states are sets of
    # events, and the night drops them by their id.
    MESSAGES: 7 * DAY,
}


class BackendError(RuntimeError):
    """The database cannot be read or written now. Says why, without a path, address or value."""


class BackendTransaction(Protocol):
    """One atomic change: it reads what it wrote, and is committed whole or not at all."""

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values, None where there is none."""

    def put(self, key: bytes, value: bytes) -> None:
        """Write a value; it lives as long as `LIFETIMES` says of its prefix."""

    def delete(self, key: bytes) -> None:
        """Delete a value, if there is one."""


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


def is_of_forbidden(key: bytes, is_forbidden: Callable[[str], bool]) -> bool:
    """Whether a key holds behaviour of a root that is forbidden."""
    return key[:2] in OF_VISITORS and is_forbidden(key[2:].decode())

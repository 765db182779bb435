"""What must hold now, whatever lists are served: who said no, who is erased, what must not be shown, who was
wrongly merged.

Restrictions have a store of their own beside the snapshots, so that no rollback and no stale list undoes
them. A run writes all that it knows in one transaction; what is learnt between two runs is written by
`RestrictionDatabase.record_permission` (`restrictions_store.py`), and every worker's next answer knows it. Of
a run's permission and one recorded in between the newer holds, and of equals the no.

What an operator blocks is an override, which no rollback touches either. No personal values: a person is an
`identifier_id` or a `customer_id`.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple, Self

import msgpack

from expectations.contracts.snapshot import MAX_KEY_BYTES

CONSENTS = "consents"  # by identifier or customer: may be personalised for
ERASURES = "erasures"  # by identifier or customer: may be answered for by name
ITEMS = "items"  # by item: may be shown
PERMISSION_KINDS = (CONSENTS, ERASURES, ITEMS)
# by identifier or customer: version of `core_identities` since which it is no longer one with somebody
SPLITS = "splits"


class RestrictionsUnreadable(RuntimeError):  # noqa: N818 - reads as what it says
    """The store is missing or damaged; readers take the safe side."""


class RestrictionsDamaged(RestrictionsUnreadable):
    """What the store holds is not what was written; opening it again would find the same."""


class Permission(NamedTuple):
    """A yes or a no: whether something is allowed.

    Attributes:
        at: when it was given or refused, UTC.
        source: where it came from, as `sample_shop/events`.
        is_live: recorded between two runs; a later run does not replace it with older knowledge.
    """

    is_granted: bool
    at: datetime
    source: str
    is_live: bool = True


def find_newest_permission(permissions: Iterable[Permission]) -> Permission | None:
    """The newest permission; of equally new ones a no."""
    return max(permissions, key=lambda permission: (permission.at, not permission.is_granted), default=None)


def merge_permissions(stored: Mapping, of_run: Mapping) -> dict:
    """The permissions of one kind after a run, one an id: all nos of the run, but live ones that are newer
    stay.

    Args:
        stored: those before the run.
        of_run: the run's nos, and its yeses at least of ids whose stored permission is live.
    """
    after = {name: permission for name, permission in of_run.items() if not permission.is_granted}
    for name, permission in stored.items():
        rivals = [permission, *([of_run[name]] if name in of_run else [])]
        if permission.is_live and find_newest_permission(rivals) == permission:
            after[name] = permission
    return after


def encode_permission(permission: Permission) -> bytes:
    """A permission's bytes (msgpack): granted, microseconds since 1970, source, live."""
    is_granted, at, source, is_live = permission
    return msgpack.packb((is_granted, int(at.timestamp() * 1_000_000), source, is_live))


def decode_permission(packed: bytes) -> Permission:
    """The permission that `encode_permission` made these bytes of.

    Raises:
        RestrictionsUnreadable: these are not a permission's bytes.
    """
    try:
        is_granted, microseconds, source, is_live = msgpack.unpackb(packed)
        return Permission(
            bool(is_granted), datetime.fromtimestamp(microseconds / 1_000_000, UTC), source, bool(is_live)
        )
    except (ValueError, TypeError, OverflowError, OSError, msgpack.UnpackException) as error:
        raise RestrictionsUnreadable("a permission in the restrictions cannot be read") from error


def encode_key(name: str) -> bytes:
    """An id as a key of LMDB, hashed where it is longer than LMDB allows."""
    key = b"/" + name.encode("utf-8", "surrogatepass")
    return key if len(key) <= MAX_KEY_BYTES else b"#" + hashlib.sha256(key).hexdigest().encode()


def digest_entry(key: bytes, value: bytes) -> int:
    """The digest of one stored entry. A kind's is the exclusive or of all, so that a write need not read the
    others.
    """
    return int.from_bytes(hashlib.blake2b(key + b"\0" + value, digest_size=8).digest())


class RestrictionView:
    """What holds at one moment, for one answer: inside of a `with`. What cannot be read counts as a no."""

    def __init__(
        self,
        get_permission: Callable[[str, str], Permission | None],
        get_split_version: Callable[[str], int | None],
        has_item_permissions: bool = True,
    ) -> None:
        """
        Args:
            get_permission: a kind and an id → its permission.
            get_split_version: an identifier or customer → version of `core_identities` since which it is no
                longer one with somebody.
            has_item_permissions: False: none is stored of any item, so nobody need ask.
        """
        self._get_permission, self._get_split_version = get_permission, get_split_version
        self.has_item_permissions = has_item_permissions

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End what it was read in; nothing by itself."""

    def may_be_personal(self, ids: Iterable[str], identities_version: int) -> bool:
        """Whether somebody may be answered for by name.

        Args:
            ids: all known ids of theirs: identifiers, the customer id of the request, and the one it stands
                for now.
            identities_version: of `core_identities`, as the lists that would be served know it; -1 where they
                do not say.
        """
        consents = []
        try:
            for name in ids:
                since = self._get_split_version(name)
                if since is not None and since > identities_version:
                    return False
                erasure = self._get_permission(ERASURES, name)
                if erasure is not None and not erasure.is_granted:
                    return False
                if (consent := self._get_permission(CONSENTS, name)) is not None:
                    consents.append(consent)
        except RestrictionsUnreadable:
            return False
        return not consents or find_newest_permission(consents).is_granted

    def find_consent(self, name: str) -> Permission | None:
        """The permission that is stored of an identifier or customer; None for none.

        Raises:
            RestrictionsUnreadable: it cannot be read.
        """
        return self._get_permission(CONSENTS, name)

    def find_item(self, item_id: str) -> Permission | None:
        """The permission that is stored of an item; None for none.

        Raises:
            RestrictionsUnreadable: it cannot be read.
        """
        return self._get_permission(ITEMS, item_id)

    def may_be_shown(self, item_id: str) -> bool:
        """Whether an item may be in a list."""
        try:
            permission = self.find_item(item_id)
        except RestrictionsUnreadable:
            return False
        return permission is None or permission.is_granted

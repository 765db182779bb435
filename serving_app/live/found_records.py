"""What is stored of a visitor, read: under their own roots, and under those that may be theirs too."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from serving_app.live.backends import (
    get_alias_key,
    get_customer_key,
    get_exposures_key,
    get_memberships_key,
    get_state_key,
)
from serving_app.live.exposures import NOTHING_SHOWN, ExposureTimes, unpack_exposures
from serving_app.live.joins import unpack_users
from serving_app.live.packing import unpack, unpack_or
from serving_app.live.record import EMPTY_RECORD, VisitorRecord, unpack_record
from serving_app.live.state import VisitorKeys


class FoundRecord(NamedTuple):
    """What is stored under one root.

    Attributes:
        memberships: packed, of the root as their owner, or what was told of them where another host
            decides them; empty: nothing.
    """

    root: str
    record: VisitorRecord
    exposures: ExposureTimes
    memberships: bytes = b""


class OwnRecords(NamedTuple):
    """What is stored under a visitor's own roots, and which others may be theirs.

    Attributes:
        users: a browser among the own roots, and its newest user.
        of_customer: roots that were once the customer's.
    """

    records: list[FoundRecord]
    users: list[tuple[str, str]]
    of_customer: list[str]


NOTHING_OWN = OwnRecords([], [], [])
ReadMany = Callable[[Sequence[bytes]], list[bytes | None]]
MakeKey = Callable[[str], bytes]


def list_own_roots(visitor: VisitorKeys) -> list[str]:
    """The roots that are a visitor's whatever else is known."""
    return [*visitor.identifier_ids, *([visitor.customer_id] if visitor.customer_id else [])]


def read_own(
    read: ReadMany, visitor: VisitorKeys, make_membership_key: MakeKey = get_memberships_key
) -> OwnRecords:
    """What is stored under a visitor's own roots, and which others may be theirs, in one read: of most
    visitors there is nothing.

    Args:
        make_membership_key: under which memberships lie.
    """
    own = list_own_roots(visitor)
    pointers = [get_alias_key(root) for root in visitor.identifier_ids]
    if visitor.customer_id:
        pointers.append(get_customer_key(visitor.customer_id))
    values = read(pointers + list_record_keys(own, make_membership_key))
    if not any(values):
        return NOTHING_OWN
    users = [
        (root, users[-1][1])
        for root, packed in zip(visitor.identifier_ids, values, strict=False)
        if (users := unpack_users(packed))
    ]
    of_customer = unpack_or(values[len(pointers) - 1], unpack, ()) if visitor.customer_id else ()
    return OwnRecords(unpack_records(own, values[len(pointers) :]), users, list(of_customer))


def read_records(
    read: ReadMany, roots: Sequence[str], make_membership_key: MakeKey = get_memberships_key
) -> list[FoundRecord]:
    """What is stored under these roots."""
    return unpack_records(roots, read(list_record_keys(roots, make_membership_key))) if roots else []


def list_record_keys(roots: Sequence[str], make_membership_key: MakeKey) -> list[bytes]:
    """The keys of what is stored under these roots."""
    makers = (get_state_key, get_exposures_key, make_membership_key)
    return [make_key(root) for root in roots for make_key in makers]


def unpack_records(roots: Sequence[str], values: Sequence[bytes | None]) -> list[FoundRecord]:
    """The records of these roots that are there, from the values of `list_record_keys`."""
    return [
        FoundRecord(
            root,
            unpack_or(state, unpack_record, EMPTY_RECORD),
            unpack_or(exposures, unpack_exposures, NOTHING_SHOWN),
            memberships or b"",
        )
        for root, state, exposures, memberships in zip(
            roots, values[::3], values[1::3], values[2::3], strict=True
        )
        if state or exposures or memberships
    ]

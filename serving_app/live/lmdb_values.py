"""A value as it lies in the LMDB file of live states: with a checksum, and when it was written; and values in
the order of their keys.
"""

import itertools
import struct
import zlib

import lmdb

from serving_app.live.backends import LIFETIMES, OUTBOX

AFTER_OUTBOX = OUTBOX[:-1] + bytes([OUTBOX[-1] + 1])  # the first key that is not of it

HEADER = struct.Struct(">II")  # checksum of key and the rest, minutes since 1970 of the last write


class ValueDamaged(Exception):  # noqa: N818 - reads as what it says
    """A value is not what was written."""


def pack_value(key: bytes, value: bytes, minutes: int) -> bytes:
    """A value as it lies in the file."""
    return HEADER.pack(zlib.crc32(key + value), minutes) + value


def read_value(txn: lmdb.Transaction, key: bytes, minutes: int) -> bytes | None:
    """A value that has not outlived its lifetime.

    Raises:
        ValueDamaged: its checksum is another's.
    """
    packed = txn.get(key)
    if packed is None or has_outlived(key, packed, minutes):
        return None
    value = packed[HEADER.size :]
    if zlib.crc32(key + value) != HEADER.unpack_from(packed)[0]:
        raise ValueDamaged
    return value


def has_outlived(key: bytes, packed: bytes | None, minutes: int) -> bool:
    """Whether a value was not written for as long as its kind lives."""
    if packed is None or len(packed) < HEADER.size or key[:2] not in LIFETIMES:
        return packed is not None
    return (minutes - HEADER.unpack_from(packed)[1]) * 60 >= LIFETIMES[key[:2]]


def list_range(txn: lmdb.Transaction, first: bytes, end: bytes, most: int) -> list[tuple[bytes, bytes]]:
    """Some rows from one key on and before another, in order."""
    with txn.cursor() as cursor:
        if not cursor.set_range(first):
            return []
        rows = itertools.takewhile(lambda row: row[0] < end, cursor.iternext())
        return list(itertools.islice(rows, most))


def find_next_outbox_key(txn: lmdb.Transaction) -> bytes:
    """The key behind all others of the outbox."""
    with txn.cursor() as cursor:
        is_last = cursor.prev() if cursor.set_range(AFTER_OUTBOX) else cursor.last()
        if not is_last or not cursor.key().startswith(OUTBOX):
            return OUTBOX + (1).to_bytes(8)
        return OUTBOX + (int.from_bytes(cursor.key()[len(OUTBOX) :]) + 1).to_bytes(8)

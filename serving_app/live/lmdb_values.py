"""A value as it lies in the LMDB file of live states: with a checksum, and when it was written."""

import struct
import zlib

import lmdb

from serving_app.live.backends import LIFETIMES

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

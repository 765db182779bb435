"""An order of items that is unrelated to their ids and the same every night: by XXH64 of the id, as Spark's
`xxhash64` computes it.

Models number items in this order, so it must not change.
"""

import struct

PRIMES = (
    0x9E3779B185EBCA87,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5,
)
SPARK_SEED = 42
MASK = (1 << 64) - 1


def hash_text(text: str) -> int:
    """XXH64 of the text's UTF-8 under Spark's seed, as a signed number of 64 bits.

    By its specification (github.com/Cyan4973/xxHash, doc/xxhash_spec.md); no package of the environment has
    it.
    """
    data = text.encode()
    length, place = len(data), 0
    p1, p2, p3, p4, p5 = PRIMES
    if length >= 32:
        lanes = [SPARK_SEED + p1 + p2, SPARK_SEED + p2, SPARK_SEED, SPARK_SEED - p1]
        while place <= length - 32:
            words = struct.unpack_from("<4Q", data, place)
            lanes = [_round(lane, word) for lane, word in zip(lanes, words, strict=True)]
            place += 32
        found = sum(_rotate(lane, by) for lane, by in zip(lanes, (1, 7, 12, 18), strict=True)) & MASK
        for lane in lanes:
            found = ((found ^ _round(0, lane)) * p1 + p4) & MASK
    else:
        found = SPARK_SEED + p5
    found = (found + length) & MASK
    while place <= length - 8:
        (word,) = struct.unpack_from("<Q", data, place)
        found, place = (_rotate(found ^ _round(0, word), 27) * p1 + p4) & MASK, place + 8
    if place <= length - 4:
        (word,) = struct.unpack_from("<I", data, place)
        found, place = (_rotate(found ^ (word * p1 & MASK), 23) * p2 + p3) & MASK, place + 4
    for byte in data[place:]:
        found = _rotate(found ^ (byte * p5 & MASK), 11) * p1 & MASK
    found = (found ^ (found >> 33)) * p2 & MASK
    found = (found ^ (found >> 29)) * p3 & MASK
    found ^= found >> 32
    return found - (1 << 64) if found >> 63 else found


def order_by_hash(texts: list[str]) -> list[int]:
    """The positions of the texts, by hash, then by bytes."""
    keys = [(hash_text(text), text.encode()) for text in texts]
    return sorted(range(len(texts)), key=keys.__getitem__)


def _rotate(value: int, by: int) -> int:
    value &= MASK
    return (value << by | value >> (64 - by)) & MASK


def _round(lane: int, word: int) -> int:
    return _rotate((lane + word * PRIMES[1]) & MASK, 31) * PRIMES[0] & MASK

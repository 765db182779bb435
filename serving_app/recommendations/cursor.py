"""Paging: a cursor holds what earlier pages have shown, so that pages neither repeat nor skip an item,
whatever snapshot, override or event comes between them.

A place in the list would not do: of a list that changes under it, it repeats what has moved down and skips
what has moved up. Without a state in the service, any worker answers any page.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from serving_app.http.problems import BadRequest
from serving_app.recommendations.ladder import OVERRIDE, RUNGS_BY_SOURCE, SESSION

VERSION = 1
DIGEST_BYTES = 6  # of 500 items and a million, two digests are equal once in a million lists
MAX_ITEMS = 500  # a cursor of 4 kB: what every proxy takes in an address
MAX_CURSOR_LENGTH = 4 * (2 + MAX_ITEMS * DIGEST_BYTES) // 3 + 3
SOURCES = (*RUNGS_BY_SOURCE, SESSION, OVERRIDE)


class Cursor(NamedTuple):
    """What earlier pages have shown.

    Attributes:
        source: of the first page's list; None before there was one.
        digests: of the items, in order.
    """

    source: str | None
    digests: tuple[bytes, ...]


NO_CURSOR = Cursor(None, ())


@lru_cache(maxsize=1 << 14)  # 2 MB; those that lists hold come again and again
def digest_item(item_id: str) -> bytes:
    """An item's id in six bytes."""
    return hashlib.blake2b(item_id.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).digest()


def encode_cursor(source: str, before: Iterable[bytes], item_ids: Iterable[str]) -> str | None:
    """The cursor behind a page; None where there are too many items for one."""
    digests = [*before, *map(digest_item, item_ids)]
    if len(digests) > MAX_ITEMS or source not in SOURCES:
        return None
    head = bytes([VERSION, SOURCES.index(source)])
    return base64.urlsafe_b64encode(head + b"".join(digests)).decode().rstrip("=")


def decode_cursor(text: str) -> Cursor:
    """
    Raises:
        BadRequest: it is no cursor of this service.
    """
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        packed = b""
    digests = packed[2:]
    if (
        len(packed) < 2
        or packed[0] != VERSION
        or packed[1] >= len(SOURCES)
        or len(digests) % DIGEST_BYTES
        or len(digests) > MAX_ITEMS * DIGEST_BYTES
    ):
        raise BadRequest("cursor: send the next_cursor of an earlier answer as it was")
    parts = (digests[at : at + DIGEST_BYTES] for at in range(0, len(digests), DIGEST_BYTES))
    return Cursor(SOURCES[packed[1]], tuple(parts))

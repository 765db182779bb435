"""Values as bytes (msgpack)."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgpack

T = TypeVar("T")


def pack(value: Any) -> bytes:
    """The value's bytes. Text that is no valid Unicode, as JSON allows, is a value like any other."""
    return msgpack.packb(value, unicode_errors="surrogatepass")


def unpack(packed: bytes) -> Any:
    """The value that `pack` made these bytes of; sequences come back as tuples.

    Raises:
        ValueError: these are not the bytes of any.
    """
    try:
        return msgpack.unpackb(packed, use_list=False, unicode_errors="surrogatepass")
    except msgpack.UnpackException as error:
        raise ValueError("not packed") from error


def unpack_or(packed: bytes | None, unpack_it: Callable[[bytes], T], default: T) -> T:
    """The value; the default where there is none, or nobody can read it: the next write puts it right."""
    try:
        return unpack_it(packed) if packed else default
    except ValueError:
        return default

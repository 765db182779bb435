"""Values as bytes (msgpack)."""

from typing import Any

import msgpack


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

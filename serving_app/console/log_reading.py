"""The newest lines of a log of JSON objects, in bounds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

MOST_BYTES = 4 << 20  # of the step log some 60 nights


def read_end(path: Path, most_bytes: int) -> bytes:
    """The lines in the last bytes of a file, the last of them perhaps torn; none of one that is not there."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - most_bytes))
            if size > most_bytes:
                file.readline()
            return file.read(most_bytes)
    except OSError:
        return b""


def read_objects(path: Path, most_bytes: int = MOST_BYTES) -> Iterator[dict[str, Any]]:
    """The objects in the last bytes of a file, oldest first; of a file that is not there none. A line that is
    torn or damaged is left out.
    """
    for line in read_end(path, most_bytes).splitlines():
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(value, dict):
            yield value


def read_object(path: Path, most_bytes: int = MOST_BYTES) -> dict[str, Any]:
    """The object that a file holds; empty where it holds none, or is too large to be one of ours."""
    try:
        if path.stat().st_size > most_bytes:
            return {}
        value = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return value if isinstance(value, dict) else {}

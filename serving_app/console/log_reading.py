"""The newest lines of a log of JSON objects, in bounds."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from serving_app.storage import log_search

MOST_BYTES = 4 << 20  # of the step log some 60 nights


def read_end(path: Path, most_bytes: int) -> bytes:
    """The lines in the last bytes of a file, the last of them perhaps torn; none of an unreadable one."""
    try:
        return log_search.read_end(path, most_bytes)[0]
    except OSError:
        return b""


def read_objects(path: Path, most_bytes: int = MOST_BYTES) -> Iterator[dict[str, Any]]:
    """The objects in the last bytes of a file, oldest first; of a file that is not there none."""
    return parse_lines(read_end(path, most_bytes).splitlines())


def parse_lines(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The objects of these lines; one that is torn or damaged is left out."""
    for line in lines:
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

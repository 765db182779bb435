"""The log of who changed which override: one file of JSON lines, appended to under the overrides' writer lock
and synced; nothing ever deletes a line of it.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from expectations.contracts.files import sync_folder

BLOCK_BYTES = 64 << 10


class AuditLog:
    """The audit log of a home."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read_last_number(self) -> int:
        """The number of the newest entry; 0 where there is none.

        Raises:
            OSError: the file is there and cannot be read.
        """
        return next((entry["number"] for entry in self.iterate_newest_first()), 0)

    def append(self, entries: Sequence[dict[str, Any]]) -> None:
        """Write entries; on disk when this returns. Half a line, which a writer left that was killed, is cut
        off first: whoever appends writes that entry again.

        Raises:
            OSError: they are not on disk.
        """
        is_new = not self._path.exists()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:
            size = self._find_end_of_last_line()
            file.truncate(size)
            try:
                file.write(b"".join(orjson.dumps(entry) + b"\n" for entry in entries))
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.ftruncate(file.fileno(), size)
                raise
        if is_new:
            sync_folder(self._path.parent)

    def iterate_newest_first(self) -> Iterator[dict[str, Any]]:
        """Every entry, the newest first, read from the end of the file; a line that is no entry is left
        out.

        Raises:
            OSError: the file is there and cannot be read.
        """
        for line in _read_lines_backwards(self._path):
            try:
                entry = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue
            if isinstance(entry, dict) and isinstance(entry.get("number"), int):
                yield entry

    def _find_end_of_last_line(self) -> int:
        size = self._path.stat().st_size
        torn = next(iter(_read_pieces_backwards(self._path)), b"")
        return size - len(torn)


def select_waiting(entries: Iterable[dict[str, Any]], last_number: int) -> list[dict[str, Any]]:
    """Those of these entries that are newer than the log's newest."""
    return [entry for entry in entries if entry["number"] > last_number]


def _read_lines_backwards(path: Path) -> Iterator[bytes]:
    """The lines of a file, the last first; without what stands behind the last line's end."""
    pieces = _read_pieces_backwards(path)
    next(pieces, None)
    return (piece for piece in pieces if piece.strip())


def _read_pieces_backwards(path: Path) -> Iterator[bytes]:
    """What stands between the line ends of a file, the last piece first; nothing where there is no file."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        end, rest = file.seek(0, os.SEEK_END), b""
        while end:
            start = max(0, end - BLOCK_BYTES)
            file.seek(start)
            first, *pieces = (file.read(end - start) + rest).split(b"\n")
            yield from reversed(pieces)
            end, rest = start, first
        yield rest

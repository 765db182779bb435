"""The file of identity decisions in a home: read whole, appended to line by line.

A writer that was killed may leave a last line without its end. What is less than a decision was never
answered for and counts for nothing; the next `append_decision` moves it to `decisions.csv.torn`,
where it can be seen. Writers put the reason in quotes, so a line that was cut in it shows by the quote that
is missing (but where the cut parts a doubled quote); a whole last line without a newline, as some editors
leave it, counts.
"""

import fcntl
import os
from pathlib import Path

from expectations.contracts.files import sync_folder
from expectations.contracts.home import HomePaths
from expectations.contracts.identity_decisions import (
    HEADER,
    Decision,
    DecisionError,
    is_torn,
    parse_decisions,
)

DECISIONS_FILE = HomePaths(Path()).identity_decisions  # under the home
TORN_SUFFIX = ".torn"


def read_decisions(path: Path) -> list[Decision]:
    """The decisions taken so far; none where nobody took any.

    Raises:
        DecisionError: as `parse_decisions` does, or a line is not UTF-8.
        OSError: it is there and cannot be read.
    """
    try:
        return parse_decisions(_decode(path.read_bytes()))
    except FileNotFoundError:
        return []


def append_decision(path: Path, decision: Decision) -> None:
    """Add a decision; it is on disk when this returns. Many processes may do so at once.

    Raises:
        OSError: it could not be written, and the file is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        size, joint = _mend_end(path, handle)
        data = f"{joint}{decision.quoted_line}".encode()
        try:
            if os.write(handle, data) < len(data):
                raise OSError(f"{path.name}: no room for a whole line")
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, size)
            raise
        if not size:
            sync_folder(path.parent)
    finally:
        os.close(handle)


def _decode(data: bytes) -> str:
    """The file as text. Nothing is replaced: a reason in another encoding would read otherwise than meant,
    under another id.
    """
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        whole, number = data.rfind(b"\n") + 1, data.count(b"\n", 0, error.start) + 1
        if error.start >= whole and error.end == len(data) and is_torn(data[whole : error.start].decode()):
            return data[: error.start].decode()  # cut within a letter
        raise DecisionError(f"line {number} is not UTF-8; save the file as UTF-8") from None


def _mend_end(path: Path, handle: int) -> tuple[int, str]:
    """The file's size once a torn end is moved away, and what must stand before the next line: a header, a
    line's end, nothing.
    """
    size = os.fstat(handle).st_size
    data = os.pread(handle, size, 0)
    whole = data.rfind(b"\n") + 1
    tail = data[whole:].decode(errors="replace")
    if not tail:
        return size, "" if size else f"{HEADER}\n"
    if not whole and HEADER.startswith(tail):
        os.ftruncate(handle, 0)
        return 0, f"{HEADER}\n"
    if not is_torn(tail) or not whole:
        return size, "\n"
    with path.with_name(path.name + TORN_SUFFIX).open("ab") as out:
        out.write(data[whole:] + b"\n")
        out.flush()
        os.fsync(out.fileno())
    os.ftruncate(handle, whole)
    return whole, ""

"""Definitions that a home keeps for itself: the next night reads them in the place of the shipped ones.

Each change is a line of `segments/changes.jsonl`, which is never rewritten. The line comes first: a change
that was cut off after it is made again by whoever repeats it.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from expectations.contracts.files import sync_folder, write_text_atomically
from expectations.contracts.home import HomePaths


@dataclass(frozen=True)
class DefinitionChange:
    """A text that was put in force.

    Attributes:
        at: ISO, UTC.
        digest: of the text, as the log of deployments has it.
        version: its number; None: no night had it yet.
        was: digest of the text before; empty: there was none.
        kept: where in the folder the text before is, if no night ever had it; empty: nowhere.
    """

    at: str
    segment_id: str
    digest: str
    version: int | None
    was: str
    by: str
    reason: str
    kept: str = ""


def hash_text(text: str | None) -> str:
    """A text's digest, as the log of deployments has it; empty of none."""
    return "" if text is None else hashlib.sha256(text.encode()).hexdigest()[:12]


def keep_text(home: Path, segment_id: str, text: str) -> str:
    """Keep a text that another one takes the place of; its file, from the folder of definitions, whose
    folders no night reads.

    Raises:
        OSError: it cannot be written.
    """
    folder = HomePaths(home).segment_definitions
    file = folder / "kept" / f"{segment_id}-{hash_text(text)}.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text_atomically(file, text)
    sync_folder(file.parent)
    return str(file.relative_to(folder))


def put_in_force(home: Path, change: DefinitionChange, text: str, shipped: str | None) -> None:
    """Let the next night read a text of a segment's definition.

    Args:
        shipped: the text that stands in the checkout; where it is the same the home keeps none of its own, so
            that what is edited there counts again.

    Raises:
        OSError: it cannot be written.
    """
    paths = HomePaths(home)
    paths.segment_definitions.mkdir(parents=True, exist_ok=True)
    with open_log(paths.segment_changes) as log:
        os.write(log, json.dumps(asdict(change), sort_keys=True).encode() + b"\n")
        os.fsync(log)
        file = paths.segment_definition(change.segment_id)
        if text == shipped:
            file.unlink(missing_ok=True)
        else:
            write_text_atomically(file, text)
        sync_folder(paths.segment_definitions)


@contextmanager
def open_log(path: Path) -> Iterator[int]:
    """The log of changes, which one writer at a time appends to."""
    log = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
    try:
        fcntl.flock(log, fcntl.LOCK_EX)
        size = os.fstat(log).st_size
        if size and os.pread(log, 1, size - 1) != b"\n":  # a writer was killed within a line
            os.write(log, b"\n")
        yield log
    finally:
        os.close(log)


def read_changes(home: Path) -> list[DefinitionChange]:
    """Every change, oldest first; a line that was cut is left out."""
    try:
        lines = HomePaths(home).segment_changes.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    return [change for line in lines if (change := parse_change(line))]


def parse_change(line: str) -> DefinitionChange | None:
    """The change of a line; None where it is none."""
    try:
        return DefinitionChange(**json.loads(line))
    except (ValueError, TypeError):
        return None

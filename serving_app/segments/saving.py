"""Definitions that a home keeps for itself: the next night reads them in the place of the shipped ones.

Each change is a line of the log of changes. The line comes first: a change that was cut off after it is made
again by whoever repeats it.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from expectations.contracts.files import sync_folder, write_text_atomically
from expectations.contracts.home import HomePaths
from segments.definition_changes import DefinitionChange, hash_text
from serving_app.http.problems import DefinitionsUnwritable


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


def put_in_force(log: int, home: Path, change: DefinitionChange, text: str, shipped: str | None) -> None:
    """Let the next night read a text of a segment's definition.

    Args:
        log: of `lock_changes`.
        shipped: the text that stands in the checkout; where it is the same the home keeps none of its own, so
            that what is edited there counts again.

    Raises:
        OSError: it cannot be written.
    """
    paths = HomePaths(home)
    os.write(log, json.dumps(asdict(change), sort_keys=True).encode() + b"\n")
    os.fsync(log)
    file = paths.segment_definition(change.segment_id)
    if text == shipped:
        file.unlink(missing_ok=True)
    else:
        write_text_atomically(file, text)
    sync_folder(paths.segment_definitions)


@contextmanager
def change_definitions(home: Path) -> Iterator[int]:
    """`lock_changes`, for whoever answers a request.

    Raises:
        DefinitionsUnwritable: something cannot be written.
    """
    try:
        with lock_changes(home) as log:
            yield log
    except OSError as error:
        raise DefinitionsUnwritable(f"The definitions cannot be written: {error.strerror}.") from error


@contextmanager
def lock_changes(home: Path) -> Iterator[int]:
    """The log of changes, open for the one who holds it: of drafts and definitions one is changed at a time.

    Raises:
        OSError: it cannot be opened for writing.
    """
    paths = HomePaths(home)
    paths.segment_definitions.mkdir(parents=True, exist_ok=True)
    log = os.open(paths.segment_changes, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
    try:
        fcntl.flock(log, fcntl.LOCK_EX)
        size = os.fstat(log).st_size
        if size and os.pread(log, 1, size - 1) != b"\n":  # a writer was killed within a line
            os.write(log, b"\n")
        yield log
    finally:
        os.close(log)

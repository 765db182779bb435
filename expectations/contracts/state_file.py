"""A small state that several processes share and must not lose: one JSON file and a copy of it, each with
its checksum.

It is read into memory and never mapped: a mapped file (LMDB) that is cut short ends its readers by a signal.
It is written whole, by a rename, so it suits thousands of records that people write, not millions and not
what every request writes.
"""

import contextlib
import fcntl
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from expectations.contracts.files import write_text_atomically


class State(NamedTuple):
    """The content of a state file, with the number of the write that made it: the larger is the newer."""

    number: int
    content: Any


@dataclass(frozen=True)
class StateFile:
    """The files `<name>.json` and `<name>.copy.json` in a folder."""

    folder: Path
    name: str

    @property
    def paths(self) -> tuple[Path, Path]:
        return self.folder / f"{self.name}.json", self.folder / f"{self.name}.copy.json"

    def read(self) -> tuple[State | None, list[str]]:
        """The newest state that can be read, None where none can; and a sentence for each file that is
        damaged or missing.

        Where neither file is there nothing was ever written, and that is no flaw.
        """
        states, flaws = [], []
        was_written = any(path.exists() for path in self.paths)
        for path in self.paths if was_written else ():
            try:
                states.append(_decode(path.read_text()))
            except FileNotFoundError:
                flaws.append(f"{path.name} is missing")
            except OSError as error:
                flaws.append(f"{path.name} cannot be read: {error.strerror}")
            except ValueError:
                flaws.append(f"{path.name} is damaged")
        return max(states, key=lambda state: state.number, default=None), flaws

    def write(self, state: State) -> list[str]:
        """Put the state in both files; on disk when this returns. Call it inside `writer_lock`.

        Returns:
            A sentence where only the first could be written: the state holds, but has no copy.

        Raises:
            OSError: the first cannot be written; nothing is changed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        first, copy = self.paths
        text = _encode(state)
        write_text_atomically(first, text)
        try:
            write_text_atomically(copy, text)
        except OSError as error:
            return [f"{copy.name} cannot be written: {error.strerror}"]
        return []

    @contextlib.contextmanager
    def writer_lock(self) -> Iterator[None]:
        """Let one writer in at a time, of all processes.

        Raises:
            OSError: the lock's file cannot be made.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f".{self.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _encode(state: State) -> str:
    fields = {"number": state.number, "content": state.content}
    return json.dumps({"sha256": _hash_fields(fields), **fields}, indent=1)


def _decode(text: str) -> State:
    try:
        fields = json.loads(text)
        if fields.pop("sha256") != _hash_fields(fields):
            raise ValueError("another checksum")
        return State(fields["number"], fields["content"])
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError("no state") from error


def _hash_fields(fields: dict) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()

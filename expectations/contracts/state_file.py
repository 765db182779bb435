"""A small state that several processes share and nobody may lose: one JSON file and a copy of it, each with
its checksum.

It is read into memory and never mapped: cut short under its readers, a mapped file (LMDB) ends them by a
signal. It is written whole, by a rename, so it suits thousands of records that people write, not millions or
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

from expectations.contracts.files import put_text


class State(NamedTuple):
    """A state, and the number of the write that made it: of two the larger is the newer."""

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
        is_there = [path.exists() for path in self.paths]
        for path in self.paths if any(is_there) else ():
            try:
                states.append(_parse(path.read_text()))
            except FileNotFoundError:
                flaws.append(f"{path.name} is missing")
            except OSError as error:
                flaws.append(f"{path.name} cannot be read: {error.strerror}")
            except ValueError:
                flaws.append(f"{path.name} is damaged")
        return max(states, key=lambda state: state.number, default=None), flaws

    def write(self, state: State) -> list[str]:
        """Put the state in both files; on disk when this returns. Belongs inside `turn`.

        Returns:
            A sentence where only the first could be written: the state holds, but has no copy.

        Raises:
            OSError: the first cannot be written; nothing is changed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        first, copy = self.paths
        text = _text(state)
        put_text(first, text)
        try:
            put_text(copy, text)
        except OSError as error:
            return [f"{copy.name} cannot be written: {error.strerror}"]
        return []

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """One writer at a time, of all processes.

        Raises:
            OSError: the lock's file cannot be made.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f".{self.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _text(state: State) -> str:
    kept = {"number": state.number, "content": state.content}
    return json.dumps({"sha256": _digest(kept), **kept}, indent=1)


def _parse(text: str) -> State:
    try:
        kept = json.loads(text)
        if kept.pop("sha256") != _digest(kept):
            raise ValueError("another checksum")
        return State(kept["number"], kept["content"])
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError("no state") from error


def _digest(kept: dict) -> str:
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()

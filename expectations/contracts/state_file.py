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
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from expectations.contracts.files import write_text_atomically

HEAD = re.compile(rb'\{"sha256": "([0-9a-f]{64})", "state":\n')


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
        decoded: dict[bytes, State] = {}  # mostly the copy holds the same bytes
        was_written = any(path.exists() for path in self.paths)
        for path in self.paths if was_written else ():
            try:
                text = path.read_bytes()
                if text not in decoded:
                    decoded[text] = _decode(text)
                states.append(decoded[text])
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
    def writer_lock(self, *, is_patient: bool = True) -> Iterator[None]:
        """Let one writer in at a time, of all processes and threads.

        Raises:
            BlockingIOError: another is in, and this one is not patient.
            OSError: the lock's file cannot be made.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f".{self.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if is_patient else fcntl.LOCK_NB))
            yield


def _encode(state: State) -> str:
    """The file's text: the checksum of what stands behind it, then that, of which the reader hashes the very
    bytes.
    """
    body = orjson.dumps({"number": state.number, "content": state.content}, option=orjson.OPT_INDENT_2)
    return f'{{"sha256": "{hashlib.sha256(body).hexdigest()}", "state":\n{body.decode()}}}\n'


def _decode(text: bytes) -> State:
    try:
        if head := HEAD.match(text):
            body = text[head.end() :].removesuffix(b"}\n")
            if hashlib.sha256(body).hexdigest().encode() != head[1]:
                raise ValueError("another checksum")
            fields = orjson.loads(body)
        else:
            fields = _decode_earlier_version(text.decode())
        return State(fields["number"], fields["content"])
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError("no state") from error


def _decode_earlier_version(text: str) -> dict[str, Any]:
    """The fields of a file whose checksum is that of the fields' JSON with sorted names."""
    fields = json.loads(text)
    checksum = fields.pop("sha256")
    if checksum != hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest():
        raise ValueError("another checksum")
    return fields

"""What Spark's tasks share: an object that is written once and loaded once by each worker process.

A Connect session has no broadcast variables. What a task closes over travels with every task, so a model in
it would be sent and unpickled a hundred times; the file's name is all that travels here. The folder must have
one name for driver and workers, as the lake's has.
"""

import pickle
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Generic, TypeVar

Value = TypeVar("Value")


class FolderNotSharedError(RuntimeError):
    """A worker does not find what the driver shares: a cluster's machines have no disk in common."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is not on this worker: a cluster's workers need the home on a disk that they share with"
            " the driver, at the same path"
        )


class SharedObject(Generic[Value]):
    """An object by the name of its file; `value` is the object, on the driver and in tasks."""

    def __init__(self, path: Path, value: Value) -> None:
        self._path, self._value = path, value

    @property
    def value(self) -> Value:
        return load_object(self._path) if self._value is None else self._value

    def __getstate__(self) -> Path:
        return self._path

    def __setstate__(self, path: Path) -> None:
        self._path, self._value = path, None


@contextmanager
def share_object(value: Value, folder: Path) -> Iterator[SharedObject[Value]]:
    """Share an object with tasks until the block ends.

    Args:
        folder: one for driver and workers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{uuid.uuid4().hex}.pickle"
    try:
        with path.open("xb") as file:
            path.chmod(0o600)  # a model holds ids
            pickle.dump(value, file, protocol=pickle.HIGHEST_PROTOCOL)
        yield SharedObject(path, value)
    finally:
        path.unlink(missing_ok=True)


@lru_cache(maxsize=1)
def load_object(path: Path) -> object:
    """The object of a file; a worker process keeps the last.

    Raises:
        FolderNotSharedError: there is no such file here.
    """
    try:
        with path.open("rb") as file:
            return pickle.load(file)
    except FileNotFoundError:
        raise FolderNotSharedError(path) from None

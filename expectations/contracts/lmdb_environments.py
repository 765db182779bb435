"""LMDB environments that several parts of a process share: one handle on a file."""

import threading
import weakref
from pathlib import Path

import lmdb

_environments: "weakref.WeakValueDictionary[str, lmdb.Environment]" = weakref.WeakValueDictionary()
_environments_lock = threading.Lock()


def open_shared_environment(folder: Path, inode: int, map_bytes: int, n_databases: int) -> lmdb.Environment:
    """The process's one handle on an environment: a second one would release the first one's locks.

    Args:
        inode: of its file: another file in the same place is another environment.
    """
    name = f"{folder.resolve()}#{inode}"
    with _environments_lock:
        environment = _environments.get(name)
        if environment is None:
            environment = _environments[name] = lmdb.open(
                str(folder), map_size=map_bytes, max_dbs=n_databases, create=False
            )
        return environment

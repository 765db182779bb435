"""LMDB environments, each opened once a process: a second handle on the same file would undo the first one's locks."""

import threading
import weakref
from pathlib import Path

import lmdb

_open: "weakref.WeakValueDictionary[str, lmdb.Environment]" = weakref.WeakValueDictionary()
_lock = threading.Lock()


def environment(folder: Path, **options) -> lmdb.Environment:
    """The process's one handle on this environment. It closes when its last user has let go of it, so a request that began
    on an old snapshot ends on it.

    Raises:
        lmdb.Error: it cannot be opened.
    """
    name = str(folder.resolve())
    with _lock:
        env = _open.get(name)
        if env is None:
            env = _open[name] = lmdb.open(name, **options)
        return env

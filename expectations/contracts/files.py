"""How a file is written that somebody else reads: they find the old one or the new one, never a half of either."""

import os
from pathlib import Path


def put_text(path: Path, text: str) -> None:
    """Write a file, or write it anew: aside, synced, then renamed.

    Without the sync a loss of power may leave the new name with nothing behind it.
    """
    aside = path.with_name(f".{path.name}.part")
    with aside.open("w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    aside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names just given in a folder survive a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

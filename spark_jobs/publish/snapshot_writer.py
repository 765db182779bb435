"""Write one snapshot into a staging folder, sync it, and give it its name by one rename: a reader finds a
whole one or none.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

import lmdb

from expectations.contracts.files import sync_folder
from expectations.contracts.manifest import DATA_FILE, SnapshotManifest

# Address space, not disk: the file grows only by the pages that are written.
MAP_BYTES = 1 << 38


def write_snapshot(folder: Path, pairs: Iterable[tuple[bytes, bytes]]) -> int:
    """Make an immutable LMDB environment of these keys and values, and the manifest it is verified by.

    Args:
        folder: the snapshot's folder; must not exist yet.
        pairs: keys unique.

    Returns:
        The number of pairs.

    Raises:
        FileExistsError: the folder exists: a snapshot is never written over.
        ValueError: a key came twice.
    """
    if folder.exists():
        raise FileExistsError(f"the snapshot {folder.name} exists already; snapshots are never written over")
    staging_folder = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(staging_folder, ignore_errors=True)  # left behind by a publish that was killed
    staging_folder.mkdir(parents=True)
    n = 0
    # Nothing reads it before the rename, so one sync at the end is enough.
    with lmdb.open(str(staging_folder), map_size=MAP_BYTES, sync=False, metasync=False, lock=False) as env:
        with env.begin(write=True) as txn:
            for key, value in pairs:
                if not txn.put(key, value, overwrite=False):
                    raise ValueError(f"the key {key!r} comes twice")
                n += 1
        env.sync(True)
    SnapshotManifest.of(folder.name, staging_folder / DATA_FILE).write(staging_folder)
    sync_folder(staging_folder)
    staging_folder.rename(folder)
    sync_folder(folder.parent)
    return n


def find_free_name(folder: Path, slug: str) -> str:
    """A name that no snapshot has: the run's, or with a number behind it when a repeated run has
    new content.
    """
    names = [slug, *[f"{slug}.{n}" for n in range(2, 1000)]]
    return next(name for name in names if not (folder / name).exists())

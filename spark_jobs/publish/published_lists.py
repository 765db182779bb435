"""Read back what is published: where a snapshot came from, and the top of each personal list for the gate's
comparison.
"""

from functools import lru_cache
from pathlib import Path

import lmdb

from expectations.contracts import snapshot
from expectations.contracts.identity_tables import CORE_IDENTITIES
from expectations.contracts.manifest import DATA_FILE, SnapshotDamaged, verify_snapshot
from spark_jobs.publish.list_figures import N_TOP_ITEMS


def read_snapshot_meta(folder: Path) -> snapshot.SnapshotMeta | None:
    """Where a snapshot came from; None when it is not there, damaged or of an unknown layout, so it cannot be
    compared with.
    """
    try:
        stat = (folder / DATA_FILE).stat()
    except FileNotFoundError:
        return None
    if not is_whole(folder, stat.st_ino, stat.st_size, stat.st_mtime_ns):
        return None
    with lmdb.open(str(folder), readonly=True, lock=False, create=False) as env, env.begin() as txn:
        packed = txn.get(snapshot.META)
        meta = snapshot.unpack_record(snapshot.SnapshotMeta, packed) if packed else None
    return meta if meta and meta.layout in snapshot.READABLE else None


@lru_cache
def is_whole(folder: Path, inode: int, size: int, changed_ns: int) -> bool:
    """Whether a snapshot's file is what was written. A process reads the same file's content once, however
    often it asks.
    """
    try:
        # a file cut short ends the process that reads it by a signal: every night would end so
        verify_snapshot(folder)
    except SnapshotDamaged:
        return False
    return True


def is_same_content(current: snapshot.SnapshotMeta | None, due: snapshot.SnapshotMeta) -> bool:
    """Whether the same tables, model and code made both; when they were made is no part of what they hold."""
    of_the_run = {"run_id": "", "landing_date": "", "published_at": "", "absorbed_date": ""}
    return current is not None and current._replace(**of_the_run) == due._replace(**of_the_run)


def read_top_items(folder: Path) -> dict[str, tuple[str, ...]] | None:
    """The first `N_TOP_ITEMS` item ids of each customer's list; None as in `read_snapshot_meta`."""
    if read_snapshot_meta(folder) is None:
        return None
    top_items = {}
    with lmdb.open(str(folder), readonly=True, lock=False, create=False) as env, env.begin() as txn:
        packed = txn.get(snapshot.CATALOGUE)
        catalogue, cursor = (
            snapshot.ListVocabulary.of_bytes(packed) if packed else snapshot.ListVocabulary(),
            txn.cursor(),
        )
        cursor.set_range(snapshot.CUSTOMER_LISTS)
        for key, value in cursor:
            if not key.startswith(snapshot.CUSTOMER_LISTS):
                break
            customer_id = key.removeprefix(snapshot.CUSTOMER_LISTS).decode()
            top_items[customer_id] = tuple(listed.item_id for listed in catalogue.unpack(value)[:N_TOP_ITEMS])
    return top_items


def read_identifiers(folder: Path) -> tuple[int, dict[str, str]] | None:
    """The version of `core_identities` that a snapshot knows (-1: it does not say), and each identifier's
    customer in it; None as in `read_snapshot_meta`."""
    meta = read_snapshot_meta(folder)
    if meta is None:
        return None
    whose, prefix = {}, snapshot.IDENTIFIERS
    with lmdb.open(str(folder), readonly=True, lock=False, create=False) as env, env.begin() as txn:
        cursor = txn.cursor()
        cursor.set_range(prefix)
        for key, value in cursor:
            if not key.startswith(prefix):
                break
            whose[key.removeprefix(prefix).decode()] = value.decode()
    return meta.table_versions.get(CORE_IDENTITIES.name, -1), whose

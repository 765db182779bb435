"""Puts together the small files that many small commits leave, without Spark."""

from pathlib import Path

from deltalake import DeltaTable as RustTable
from filelock import FileLock


def compact_lake(root: Path) -> None:
    """Compact every table under a lake's folder, and put its log into a checkpoint. No row changes, and old
    versions can still be read.
    """
    for folder in sorted(root.glob("*/_delta_log")):
        table = folder.parent
        with FileLock(root / f".{table.name}.lock", timeout=600):  # as `Lake.lock`
            table_on_disk = RustTable(str(table))
            table_on_disk.optimize.compact()
            table_on_disk.create_checkpoint()

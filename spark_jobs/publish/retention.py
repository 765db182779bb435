"""What is retained to roll back to: the newest `N_RETAINED` published records, with the snapshots and
warehouse files they name. What none of them names is deleted.
"""

import contextlib
import shutil
from pathlib import Path

from expectations.contracts.home import HomePaths
from expectations.contracts.published import Published, read_published_history

N_RETAINED = 7


def delete_unretained_files(home: Path) -> list[str]:
    """Delete what is beyond the newest `N_RETAINED` publishes; returns the names deleted.

    A warehouse file newer than the published one is left alone: the next night may be building it. A snapshot
    that the service has open stays readable to it after its name is gone.
    """
    now = Published.read(home)
    retained = [*read_published_history(home)[:N_RETAINED], *([now] if now else [])]
    names = {record.run_id for record in retained}
    deleted = []
    for path in HomePaths(home).history.glob("*.json"):
        with contextlib.suppress(ValueError):  # a damaged record stays, for people to look at
            if Published.parse(path.read_text()).run_id not in names:
                path.unlink()
    for folder in HomePaths(home).snapshots.glob("*/"):
        if folder.name not in {record.snapshot for record in retained} and not folder.name.startswith("."):
            shutil.rmtree(folder)
            deleted.append(folder.name)
    if now and now.warehouse_file:
        newest = (HomePaths(home).warehouse_builds / now.warehouse_file).stat().st_mtime
        for path in HomePaths(home).warehouse_builds.glob("*.duckdb"):
            if (
                path.name not in {record.warehouse_file for record in retained}
                and path.stat().st_mtime < newest
            ):
                path.unlink()
                deleted.append(path.name)
    return deleted

"""The one switch: `published.json` by one rename, the warehouse's name after it, and what is kept to go back
to.

Each publish leaves its record in `serving/history/<run>.json`. The newest `N_RETAINED` records, with the
snapshots and warehouse files they name, stay for `rollback`; what no kept record names is deleted.
"""

import contextlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from filelock import FileLock

from expectations.contracts.files import put_text, sync_folder
from expectations.contracts.home import HomePaths
from expectations.contracts.published import HISTORY, Published, history
from spark_jobs.run.warehouse_files import get_builds_folder

N_RETAINED = 7
LOCK = HomePaths(Path()).publish_lock


def get_snapshots_folder(home: Path) -> Path:
    return HomePaths(home).snapshots


@contextmanager
def publish_lock(home: Path) -> Iterator[None]:
    """Held by whoever publishes or rolls back, so that the switch and its warehouse link are not two
    people's.
    """
    with FileLock(home / LOCK, timeout=600):
        yield


def find_free_name(folder: Path, slug: str) -> str:
    """A name that no snapshot has: the run's, or with a number behind it when a repeated run has
    new content.
    """
    names = [slug, *[f"{slug}.{n}" for n in range(2, 1000)]]
    return next(name for name in names if not (folder / name).exists())


def deploy(home: Path, record: Published, slug: str) -> None:
    """Readers see this record from now on; it can be rolled back to."""
    folder = home / HISTORY
    folder.mkdir(parents=True, exist_ok=True)
    put_text(folder / f"{slug}.json", json.dumps(asdict(record), indent=2, sort_keys=True))
    record.write(home)
    link_warehouse_file(home, record)


def link_warehouse_file(home: Path, record: Published) -> None:
    """Let `warehouse/concierge.duckdb` name the published file. Repeats harmlessly, and heals a publish
    killed before it.
    """
    if not record.warehouse_file:
        return
    link, target = HomePaths(home).warehouse_file, f"builds/{record.warehouse_file}"
    if link.is_symlink() and str(link.readlink()) == target:
        return
    aside = link.with_name(f".{link.name}.part")
    aside.unlink(missing_ok=True)
    aside.symlink_to(target)  # relative, so a home can be moved
    aside.rename(link)
    sync_folder(link.parent)


def delete_unretained_files(home: Path) -> list[str]:
    """Delete what is beyond the newest `N_RETAINED` publishes; returns the names deleted.

    A warehouse file newer than the published one is left alone: the next night may be building it. A snapshot
    that the service has open stays readable to it after its name is gone.
    """
    now = Published.read(home)
    kept = [*history(home)[:N_RETAINED], *([now] if now else [])]
    names = {record.run_id for record in kept}
    gone = []
    for path in (home / HISTORY).glob("*.json"):
        with contextlib.suppress(ValueError):  # a damaged record stays, for people to look at
            if Published.parse(path.read_text()).run_id not in names:
                path.unlink()
    for folder in get_snapshots_folder(home).glob("*/"):
        if folder.name not in {record.snapshot for record in kept} and not folder.name.startswith("."):
            shutil.rmtree(folder)
            gone.append(folder.name)
    if now and now.warehouse_file:
        newest = (get_builds_folder(home) / now.warehouse_file).stat().st_mtime
        for path in get_builds_folder(home).glob("*.duckdb"):
            if path.name not in {record.warehouse_file for record in kept} and path.stat().st_mtime < newest:
                path.unlink()
                gone.append(path.name)
    return gone

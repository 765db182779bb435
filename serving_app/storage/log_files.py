"""How old the files of a log are, and the deletion of old ones."""

import contextlib
import logging
from datetime import UTC, datetime
from pathlib import Path

from expectations.contracts.impressions import FINISHED_SUFFIX, OPEN_SUFFIX, TORN_SUFFIX

NAME_TIME = "%Y%m%dT%H%M%S"  # in UTC: what a file's name begins with

logger = logging.getLogger(__name__)


def find_oldest_start(folder: Path) -> datetime | None:
    """When the oldest file that no night has moved to landing was begun; None where there is none."""
    names = [
        path.name for suffix in (FINISHED_SUFFIX, OPEN_SUFFIX) for path in folder.glob(f"[0-9]*{suffix}")
    ]
    for name in sorted(names):
        with contextlib.suppress(ValueError):  # a file that somebody else put there
            return datetime.strptime(name.partition("-")[0], NAME_TIME).replace(tzinfo=UTC)
    return None


def delete_files_before(folder: Path, before: datetime) -> list[str]:
    """Delete finished and torn files last written before a moment; return their names. A run lands finished
    ones and deletes them before.
    """
    names = []
    for path in sorted([*folder.glob(f"*{FINISHED_SUFFIX}"), *folder.glob(f"*{TORN_SUFFIX}")]):
        with contextlib.suppress(FileNotFoundError):  # another worker or a run was first
            if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
                path.unlink()
                names.append(path.name)
    if names:
        logger.warning(
            "%d decision logs that no night has taken are older than they are kept for, and deleted",
            len(names),
        )
    return names

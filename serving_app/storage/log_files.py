"""Old files of a log."""

import contextlib
import logging
from datetime import UTC, datetime
from pathlib import Path

from expectations.contracts.impressions import FINISHED_SUFFIX, TORN_SUFFIX

logger = logging.getLogger(__name__)


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

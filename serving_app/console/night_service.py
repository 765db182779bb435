"""Reads what a home says of its nights: step log, log of deployments, reports."""

import fcntl
from pathlib import Path

from expectations.contracts.home import HomePaths
from serving_app.console.log_reading import read_objects
from serving_app.console.night_records import Night, build_nights

MOST_NIGHTS = 60


class NightService:
    """The nights of a home."""

    def __init__(self, home: Path) -> None:
        self._paths = HomePaths(home)

    def list_nights(self, most: int = MOST_NIGHTS) -> list[Night]:
        """The last nights, newest first."""
        lines, deployments = read_objects(self._paths.step_log), read_objects(self._paths.deployments)
        return build_nights(lines, deployments, self.find_running_run())[:most]

    def find_running_run(self) -> str:
        """The run whose step works now; empty where none does. A step that was killed leaves its name behind,
        and no lock.
        """
        try:
            words = self._paths.step_lock_holder.read_text()
            with self._paths.step_lock.open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return words.partition(" of ")[2].partition(" (process ")[0]
        except OSError:
            return ""
        return ""

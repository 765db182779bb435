"""Reads what a home says of its nights: step log, log of deployments, reports."""

import fcntl
from pathlib import Path
from typing import Any

from expectations.contracts.home import HomePaths
from serving_app.console.log_reading import read_object, read_objects
from serving_app.console.night_details import Reports
from serving_app.console.night_records import Night, build_nights
from serving_app.http.problems import ApiError, NotReady
from serving_app.identity.service import IdentityService

MOST_NIGHTS = 60
MOST_REPORT_BYTES = 32 << 20  # of one with many pictures


class UnknownNight(ApiError):  # noqa: N818 - reads as what it says
    """No night has the name in the address."""

    status, kind, title = 404, "unknown-night", "There is no such night"


class NightService:
    """The nights of a home."""

    def __init__(self, home: Path, identity: IdentityService) -> None:
        self._paths, self._identity = HomePaths(home), identity

    def list_nights(self, most: int = MOST_NIGHTS) -> list[Night]:
        """The last nights, newest first."""
        lines, deployments = read_objects(self._paths.step_log), read_objects(self._paths.deployments)
        return build_nights(lines, deployments, self.find_running_run())[:most]

    def get_night(self, slug: str) -> Night:
        """A night by its name in addresses.

        Raises:
            UnknownNight: the logs tell of none.
        """
        found = [night for night in self.list_nights() if night.slug == slug]
        if not found:
            raise UnknownNight("The logs of this home tell of no night of this name.")
        return found[0]

    def read_reports(self, night: Night | None) -> Reports:
        """What a night has reported."""
        if night is None:
            return Reports({}, {}, {})
        return Reports(
            read_object(self._paths.model_report(night.slug)),
            read_object(self._paths.list_report(night.slug)),
            read_object(self._paths.live_parity_report(night.slug)),
            self._paths.identity_report(night.slug).is_file(),
        )

    def read_identity_page(self, slug: str) -> bytes:
        """The page of a night's identities, as the night wrote it.

        Raises:
            UnknownNight: there is none, or none that can be shown here.
        """
        page = self._paths.identity_report(self.get_night(slug).slug)
        try:
            if page.stat().st_size <= MOST_REPORT_BYTES:
                return page.read_bytes()
        except OSError:
            pass
        raise UnknownNight("This night wrote no page of its identities.")

    def list_reviews(self) -> list[dict[str, Any]]:
        """The queue of identity reviews; empty while there is none to read."""
        try:
            return self._identity.list_reviews()["reviews"]
        except NotReady:
            return []

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

"""How far the shop's own calendar lags the clock, so that what is received now belongs to the shop's today.

The sample shop trades in its own time (`expectations/contracts/shop_clock.py`). What a service over its home
receives and serves is logged as of its today, the day behind the published night: the next night has it.
"""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from expectations.contracts.shop_clock import FILE
from serving_app.storage.protocols import SnapshotStore
from serving_app.storage.snapshots import Snapshot

NO_LAG = timedelta(0)


class ShopCalendar:
    """The calendar of a home's shop."""

    def __init__(self, home: Path, snapshots: SnapshotStore) -> None:
        self._file, self._snapshots = home / FILE, snapshots
        self._read: tuple[Snapshot | None, date | None] = (None, None)

    def find_lag(self, now: datetime) -> timedelta:
        """Whole days by which the shop's today is behind; none where the shop keeps the clock's time, or
        nothing is published.
        """
        snapshot = self._snapshots.get_current()
        if snapshot is None:
            return NO_LAG
        if self._read[0] is not snapshot:  # looked for once a night, not with every answer
            today = date.fromisoformat(snapshot.meta.landing_date) + timedelta(days=1)
            self._read = (snapshot, today if self._file.exists() else None)
        today = self._read[1]
        if today is None:
            return NO_LAG
        return max(now.astimezone(ZoneInfo(snapshot.meta.time_zone)).date() - today, NO_LAG)

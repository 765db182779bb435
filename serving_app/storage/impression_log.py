"""The decision log: a durable record of every list served, in `serving/decision_log/`.

A list goes out when its record is on disk; one whose record could not be written is counted, and withheld
where the shop wants that (`CONCIERGE_UNLOGGED_LISTS=withhold`).
"""

from datetime import datetime
from typing import Any

from serving_app.metrics import declarations as metrics
from serving_app.storage.append_log import AppendLog
from serving_app.storage.event_log import LogUnavailable
from serving_app.storage.shop_calendar import ShopCalendar


class ImpressionLog:
    """Writes impressions, and decides whether a list may be shown without one."""

    def __init__(
        self, log: AppendLog, withholds_unlogged: bool = False, calendar: ShopCalendar | None = None
    ) -> None:
        """
        Args:
            withholds_unlogged: whether a list whose record cannot be written is withheld.
            calendar: the shop's, in whose time records are; None: the clock's.
        """
        self.log, self._withholds_unlogged, self._calendar = log, withholds_unlogged, calendar

    @property
    def n_unlogged(self) -> int:
        """Impressions of this worker that are not on disk."""
        return self.log.n_unlogged

    @property
    def is_withholding(self) -> bool:
        """Whether every list is withheld now, as no record can be written."""
        return bool(self.log.problem and self._withholds_unlogged)

    def write(self, impression: dict[str, Any]) -> bool:
        """Write the record of a list; whether the list may be shown."""
        served_at = datetime.fromisoformat(impression["served_at"])
        if self._calendar and (lag := self._calendar.find_lag(served_at)):
            impression = impression | {"served_at": f"{served_at - lag:%Y-%m-%dT%H:%M:%S.%fZ}"}
        try:
            self.log.append(impression)
        except LogUnavailable:  # counted by the log
            metrics.UNLOGGED_LISTS.inc()
            return not self._withholds_unlogged
        return True

    def describe_problem(self) -> str:
        """Why records cannot be written now; empty when they can."""
        return self.log.problem

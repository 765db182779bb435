"""What the service's metrics say of its state when they are asked."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from serving_app.metrics.exposition import Reading, render_metrics
from serving_app.status.service import ReportsProblem
from serving_app.storage.log_files import find_oldest_start
from serving_app.storage.protocols import SnapshotStore
from serving_app.storage.spool import Spool


class MetricsService:
    """Renders the metrics of all workers, with the state as this worker sees it."""

    def __init__(
        self,
        snapshots: SnapshotStore,
        stores: Sequence[ReportsProblem],
        event_log: Path,
        clock: Callable[[], datetime],
        spool: Path = Path(),
        more: Mapping[str, Reading] = MappingProxyType({}),
    ) -> None:
        """
        Args:
            stores: whose problems are counted.
            event_log: the folder of its files.
            spool: the folder of what waits for a log elsewhere.
            more: gauges of other features, by name.
        """
        self._snapshots, self._stores, self._clock = snapshots, stores, clock
        self._event_log = event_log
        self._readings = {
            "concierge_snapshot_age_seconds": Reading(
                "Since the published snapshot was published: the age of lists, profiles and catalogue.",
                self._read_snapshot_age,
            ),
            "concierge_snapshot_landing_timestamp_seconds": Reading(
                "The landing date of the published snapshot, as seconds since 1970.", self._read_landing_date
            ),
            "concierge_event_log_lag_seconds": Reading(
                "Since the oldest file of events that no night has taken was begun; 0 where there is none.",
                self._compute_event_log_lag,
            ),
            "concierge_spool_bytes": Reading(
                "Events that wait on disk for a log elsewhere, as Kafka, which is away.",
                Spool(spool, most_bytes=0).measure_bytes,
            ),
            "concierge_problems": Reading(
                "Sentences in `problems` of /readyz: 0 when all is well.", self._count_problems
            ),
            **more,
        }

    def render(self) -> bytes:
        """Prometheus' text format."""
        return render_metrics(self._readings)

    def _read_snapshot_age(self) -> float | None:
        snapshot = self._snapshots.get_current()
        return snapshot and snapshot.compute_age_seconds(self._clock())

    def _read_landing_date(self) -> float | None:
        snapshot = self._snapshots.get_current()
        return snapshot and datetime.fromisoformat(f"{snapshot.meta.landing_date}T00:00:00Z").timestamp()

    def _compute_event_log_lag(self) -> float:
        start = find_oldest_start(self._event_log)
        return max(0.0, (self._clock() - start).total_seconds()) if start else 0.0

    def _count_problems(self) -> float:
        return sum(bool(store.describe_problem()) for store in self._stores)

"""Whether the service has something to serve, and what is not as it should be."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from serving_app.http.problems import NotReady
from serving_app.metrics.shared_folder import EndNotice
from serving_app.storage.impression_log import ImpressionLog
from serving_app.storage.protocols import SnapshotStore


class ReportsProblem(Protocol):
    """A store that knows what is wrong with it."""

    def describe_problem(self) -> str:
        """What is wrong, in a sentence; empty when all is well."""


class StatusService:
    """Reports what is being served, and by which build."""

    def __init__(
        self,
        snapshots: SnapshotStore,
        impressions: ImpressionLog,
        stores: Sequence[ReportsProblem],
        build: str,
        clock: Callable[[], datetime],
    ) -> None:
        """
        Args:
            stores: whose problems are reported, in this order.
            build: which code answers.
        """
        self._snapshots, self._impressions, self._stores = snapshots, impressions, stores
        self._build, self._clock = build, clock
        self._end = EndNotice()

    def list_problems(self) -> list[str]:
        """What is not as it should be, in sentences."""
        return [problem for store in self._stores if (problem := store.describe_problem())]

    def get_readiness(self) -> dict:
        """What is being served (`ReadyAnswer`): `degraded` where it is not all that it should be.

        Raises:
            NotReady: every list is empty now: nothing can be shown, or nothing may be; or the server is about
                to end.
        """
        if self._end.is_ending():
            raise NotReady("the server is about to end", build=self._build)
        problems = self.list_problems()
        snapshot = self._snapshots.get_current()
        if snapshot is None or self._impressions.is_withholding:
            served = (
                {"snapshot": snapshot.name, "model_version": snapshot.meta.model_version} if snapshot else {}
            )
            raise NotReady("; ".join(problems), build=self._build, **served)
        return {
            "status": "degraded" if problems else "ready",
            "problems": problems,
            "build": self._build,
            "model_version": snapshot.meta.model_version,
            "snapshot": snapshot.name,
            "landing_date": snapshot.meta.landing_date,
            "published_at": snapshot.meta.published_at,
            "age_seconds": snapshot.compute_age_seconds(self._clock()),
            "n_unlogged": self._impressions.n_unlogged,
        }

"""Reads what a home says of its models, and has an earlier night brought back."""

from collections.abc import Callable
from pathlib import Path

from expectations.contracts.home import HomePaths
from expectations.contracts.personal import NOTHING_PERSONAL, has_personal_value
from expectations.contracts.published import Published, PublishedUnreadable, read_published_history
from serving_app.console.log_reading import read_object, read_objects
from serving_app.console.model_records import Deployed, Training, build_deployments, read_training
from serving_app.console.rollback_program import RollbackAnswer, run_rollback
from serving_app.http.problems import BadRequest

MOST_TRAININGS = 60
LONGEST_REASON = 300
ROLLED_BACK = "rolled back from "  # begins the `inputs` of a record that a rollback wrote (`deployments.py`)


class ModelService:
    """The models of a home."""

    def __init__(self, home: Path, run: Callable[[Path, str, str], RollbackAnswer] = run_rollback) -> None:
        """
        Args:
            run: brings a night back; a test has its own.
        """
        self._home, self._paths, self._run = home, HomePaths(home), run

    def list_trainings(self) -> list[Training]:
        """The last trainings, newest first."""
        folder = self._paths.reports("x").parent
        slugs = [path.name for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
        # the day a run handled is in its report; its name begins with how it was started
        reports = [(slug, self._paths.model_report(slug)) for slug in slugs]
        there = [(path.stat().st_mtime, slug, path) for slug, path in reports if path.is_file()]
        newest = sorted(there, reverse=True)[:MOST_TRAININGS]
        return [read_training(slug, read_object(path)) for _, slug, path in newest]

    def list_deployments(self) -> list[Deployed]:
        """What was in production when, newest first."""
        return build_deployments(read_objects(self._paths.deployments))

    def list_targets(self) -> list[Published]:
        """The nights that can be brought back, newest first: those kept, but for what readers see."""
        now = self.read_published()
        return [one for one in read_published_history(self._home) if now is None or one.shows != now.shows]

    def read_published(self) -> Published | None:
        """What readers see; None where nothing is published, or it cannot be read."""
        try:
            return Published.read(self._home)
        except PublishedUnreadable:
            return None

    def roll_back(self, run_id: str, reason: str, by: str) -> RollbackAnswer:
        """Bring a night back: its lists, warehouse and model.

        Args:
            by: who asks, for those who read the log of deployments later.

        Raises:
            BadRequest: there is no such night, or the reason cannot be written down.
        """
        reason = " ".join(reason.split())
        if run_id not in {one.run_id for one in self.list_targets()}:
            raise BadRequest("This night is not kept, or is in production already. Choose another.")
        if not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
            raise BadRequest(f"Say why, in one line of at most {LONGEST_REASON} characters.")
        if has_personal_value(reason):
            raise BadRequest(f"The reason is kept for good, so it may hold {NOTHING_PERSONAL}.")
        return self._run(self._home, run_id, f"{reason} (by {by} in the console)")

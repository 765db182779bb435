"""`make rollback`: an earlier night again, at once: its lists and warehouse file for readers, its model for
the nights to come.

Nothing is deleted. The next night publishes as usual, even when nothing new has landed: what is rolled back
to does not count as made of what has landed. It scores with the model that was brought back, and refits that
one's configuration; the version that was left is not trained again of the same tables. What is in production
already, lists and model, is said to be so, and nothing is changed or logged. On Snowflake lists and model go
back; its own Time Travel brings back a schema.
"""

import argparse
import sys
import time
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from expectations.contracts.home import HomePaths
from expectations.contracts.manifest import SnapshotDamaged, verify_snapshot
from expectations.contracts.published import Published, read_published_history
from spark_jobs.lake.tables import Lake
from spark_jobs.publish.as_of import resolve_as_of
from spark_jobs.publish.champion import restore_champion
from spark_jobs.publish.deployments import (
    ROLLED_BACK_FROM,
    build_rollback_deployment,
    deploy,
    format_utc,
    publish_lock,
    read_deployments,
    restore_last_deployment,
)
from spark_jobs.run.context import LandingDates, RunContext, TableReport, hash_code, hash_config
from spark_jobs.run.locks import find_running_step
from spark_jobs.run.manifest import record_reports
from spark_jobs.settings import Settings


class CannotRollBack(RuntimeError):  # noqa: N818 - reads as what it says
    """There is no such night to go back to; the message names those there are."""


@dataclass(frozen=True)
class RollbackResult:
    """What readers saw and what they see.

    Attributes:
        explanation: which night a day or a moment was taken for; empty where a run was named, or none.
    """

    was: Published
    now: Published
    explanation: str = ""

    @property
    def is_deployed(self) -> bool:
        return self.was != self.now


def find_rollback_target(home: Path, now: Published, to: str | None) -> tuple[Published, str]:
    """The record to go back to, and which night a day or a moment was taken for; no words where a run was
    named, or none.

    Args:
        now: what readers see.
        to: a run, a day or a moment; None for the night before.

    Raises:
        CannotRollBack: there is no such night, or what it showed is no longer kept.
    """
    retained, words = read_published_history(home), ""
    if not to:
        earlier = [one for one in retained if (one.published_at, one.run_id) < (now.published_at, now.run_id)]
    elif not (earlier := [one for one in retained if one.run_id == to]):
        try:
            then, _, words = resolve_as_of(read_deployments(home), to)
        except ValueError:  # neither a day nor a moment: a run that there is not
            then = None
        if words and then is None:
            raise CannotRollBack(words)
        earlier = [one for one in retained if then and one.shows == then.shows]
    if not earlier:
        problem = f"{words} It is no longer kept" if words else f"no kept night {to or 'before this one'}"
        there_are = ", ".join(
            f"{one.run_id} (landing day {one.landing_date})" for one in retained if one.run_id != now.run_id
        )
        raise CannotRollBack(
            f"{problem}; readers see {now.run_id} (landing day {now.landing_date}); kept:"
            f" {there_are or 'none'}"
        )
    return earlier[0], words


def roll_back(home: Path, target_name: str | None, switched_at: datetime, reason: str = "") -> RollbackResult:
    """Deploy an earlier night; where readers see that night already, nothing. Called under the publish lock.

    Args:
        target_name: a run, a day or a moment; None for the night before.
        switched_at: what the clock on the wall says.

    Raises:
        CannotRollBack: nothing is published, there is no such night, or its files are gone or damaged.
    """
    now, paths = restore_last_deployment(home), HomePaths(home)
    if now is None:
        raise CannotRollBack("nothing has been published yet")
    target, words = find_rollback_target(home, now, target_name)
    if target.shows == now.shows:
        return RollbackResult(now, now, words)
    build = paths.warehouse_builds / target.warehouse_file
    if not (paths.snapshots / target.snapshot / "data.mdb").is_file() or (
        target.warehouse_file and not build.is_file()
    ):
        raise CannotRollBack(f"the files of {target.run_id} are gone")
    try:
        verify_snapshot(paths.snapshots / target.snapshot)
    except SnapshotDamaged as error:
        raise CannotRollBack(str(error)) from None
    # Other inputs than any night has: `land` must not take the next one for done.
    back = replace(target, inputs=f"{ROLLED_BACK_FROM}{now.run_id}")
    deploy(home, build_rollback_deployment(home, back, format_utc(switched_at), reason))
    return RollbackResult(now, back, words)


def main(argv: list[str]) -> int:
    """Roll back and log it; 1 with a sentence when that cannot be."""
    parser = argparse.ArgumentParser(prog="make rollback", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--to", metavar="RUN|DAY", help="a run id, or a day; without it, the night before the one readers see"
    )
    parser.add_argument("--reason", default="", help="why, for those who ask later")
    args, settings = parser.parse_args(argv), Settings.from_environment()
    settings.home.mkdir(parents=True, exist_ok=True)
    # until the model has followed: of two people's rollbacks one comes first with both
    with publish_lock(settings.home):
        return execute_rollback(settings, args.to, args.reason)


def execute_rollback(settings: Settings, to: str | None, reason: str) -> int:
    """Lists, then model, then the log; 1 where any could not be."""
    start, now = time.monotonic(), datetime.now(UTC)
    try:
        went = roll_back(settings.home, to, now, reason)
    except CannotRollBack as error:
        print(f"rollback: {error}", file=sys.stderr)
        return 1
    was, back = went.was, went.now
    described = f"{back.run_id} over landing days up to {back.landing_date} (model {back.model_version})"
    if went.explanation:
        print(went.explanation)
    if went.is_deployed:
        print(f"Readers see {described}; before: {was.run_id} (landing day {was.landing_date}).", flush=True)
    detail = {
        "from": was.run_id,
        "to": back.run_id,
        "snapshot": back.snapshot,
        "model_version": back.model_version,
    }
    try:
        detail["model_before"], is_another_model = restore_champion(settings, back.model_version, now)
    except (
        Exception
    ) as error:  # whatever MLflow raises: readers are served, and the night to come must not be a surprise
        detail["model_stays"], is_another_model = type(error).__name__, False
        print(
            f"rollback: but {back.model_version} is not brought back, the next night scores with another:"
            f" {error}",
            file=sys.stderr,
        )
    if not went.is_deployed:
        nothing = "" if is_another_model or "model_stays" in detail else "; nothing was changed"
        print(f"Already in production: {described}{nothing}.")
        if is_another_model:
            print(f"Its model is brought back for the nights to come; before: {detail['model_before']}.")
        else:
            return 1 if "model_stays" in detail else 0
    day = date.fromisoformat(back.landing_date)
    context = RunContext(
        f"rollback-{now:%Y%m%dT%H%M%S}",
        LandingDates(day, day),
        settings,
        now,
        hash_code(),
        hash_config(settings),
    )
    reports = [TableReport("published", detail={**detail, "reason": reason} if reason else detail)]
    record_reports(Lake(settings.lake), context, "rollback", reports, time.monotonic() - start)
    print(f"Done in {time.monotonic() - start:.1f} s and logged: ops_runs, make history.")
    if step := find_running_step(settings.home):
        print(
            f"A night is running ({step}): it will publish over this when it ends, so roll back again"
            " after it."
        )
    return 1 if "model_stays" in detail else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`make rollback`: an earlier night again, at once: its lists and warehouse file for readers, its model for the nights to come.

Nothing is deleted. The next night publishes as usual, even when nothing new has landed: what is rolled back to does not count as
made of what has landed. It scores with the model that was brought back, and refits that one's configuration; the version that was
left is not trained again of the same tables. On Snowflake only the lists go back; its own Time Travel brings back a schema.
"""

import argparse
import sys
import time
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from pathlib import Path

from expectations.contracts.published import Published
from spark_jobs.build.files import builds
from spark_jobs.night import Days, Night, TableReport, code_hash, config_hash
from spark_jobs.publish import production
from spark_jobs.publish.switch import alone, follow, history, snapshots
from spark_jobs.run_log import record, show
from spark_jobs.settings import Settings
from spark_jobs.tables import Lake


class CannotRollBack(RuntimeError):  # noqa: N818 - reads as what it says
    """There is no such night to go back to; the message names those there are."""


def target(kept: list[Published], now: Published, run_id: str | None) -> Published:
    """The record to go back to.

    Args:
        kept: newest first.
        run_id: the run; None for the one before what readers see now.

    Raises:
        CannotRollBack: there is none.
    """
    earlier = [one for one in kept if (one.published_at, one.run_id) < (now.published_at, now.run_id)]
    found = [one for one in kept if one.run_id == run_id] if run_id else earlier
    if not found:
        there_are = ", ".join(one.run_id for one in kept if one.run_id != now.run_id) or "none"
        raise CannotRollBack(f"no kept night {run_id or 'before this one'}; readers see {now.run_id}; kept: {there_are}")
    return found[0]


def run_of(home: Path, to: str | None) -> str | None:
    """The run that `to` names: itself, or what was in production on that day, at that moment.

    Raises:
        CannotRollBack: nothing was in production then.
    """
    if not to or to in {one.run_id for one in history(home)}:
        return to
    try:
        found, _ = production.at(production.read(home), to)
    except ValueError:
        return to
    if found is None:
        raise CannotRollBack(f"nothing was in production on {to}")
    return found.run_id


def roll_back(home: Path, to: str | None, at: datetime, why: str = "") -> tuple[Published, Published]:
    """Switch readers to an earlier night and write it down; returns what they saw and what they see.

    Args:
        to: a run, a day or a moment; None for the night before.
        at: what the clock on the wall says.

    Raises:
        CannotRollBack: nothing is published, there is no such night, or its files are gone.
    """
    with alone(home):
        now = Published.read(home)
        if now is None:
            raise CannotRollBack("nothing has been published yet")
        chosen = target(history(home), now, run_of(home, to))
        build = builds(home) / chosen.warehouse_file
        if not (snapshots(home) / chosen.snapshot / "data.mdb").is_file() or (chosen.warehouse_file and not build.is_file()):
            raise CannotRollBack(f"the files of {chosen.run_id} are gone")
        # Other inputs than any night has: `land` must not take the next one for done.
        back = replace(chosen, inputs=f"rolled back from {now.run_id}")
        back.write(home)
        follow(home, back)
        known = [one for one in production.read(home) if one.run_id == back.run_id]
        told = (known[-1].model, known[-1].rules) if known else ({}, {})
        newest = max(production.newest(home, now), back.landing_date)
        production.append(
            home,
            production.Switch(production.said(at), production.ROLLBACK, newest, asdict(back), *told, was=now.run_id, why=why),
        )
    return now, back


def bring_model(settings: Settings, model_version: str, at: datetime) -> str | None:
    """Make the version the one that is served and refitted; the version that was, as `concierge/<n>`.

    Readers have been switched by now: MLflow takes longer to import than that.

    Raises:
        DigestError: its files are not those that were registered; the model in force stays.
    """
    from models.tracking import Registry

    number = int(model_version.rpartition("/")[2]) if "/" in model_version else None
    if number is None and not (settings.home / "mlflow").exists():
        return None  # there never was a model
    registry = Registry(settings.mlflow_uri, settings.home / "mlflow" / "artifacts", int(at.timestamp() * 1000))
    was = registry.champion()
    if (was.number if was else None) != number:
        registry.serve(number)
    return was.model_version if was else None


def main(argv: list[str]) -> int:
    """Roll back and log it; 1 with a sentence when that cannot be."""
    parser = argparse.ArgumentParser(prog="make rollback", description=__doc__.splitlines()[0])
    parser.add_argument("--to", metavar="RUN|DAY", help="a run id, or a day; without it, the night before the one readers see")
    parser.add_argument("--reason", default="", help="why, for those who ask later")
    given, settings, began, now = parser.parse_args(argv), Settings.from_environment(), time.monotonic(), datetime.now(UTC)
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        was, back = roll_back(settings.home, given.to, now, given.reason)
    except CannotRollBack as error:
        print(f"rollback: {error}", file=sys.stderr)
        return 1
    print(f"Readers see {back.run_id} of {back.landing_date} (model {back.model_version}); before: {was.run_id}.", flush=True)
    detail = {"from": was.run_id, "to": back.run_id, "snapshot": back.snapshot, "model_version": back.model_version}
    try:
        detail["model_before"] = bring_model(settings, back.model_version, now)
    except Exception as error:  # whatever MLflow raises: readers are served, and the night to come must not be a surprise
        detail["model_stays"] = type(error).__name__
        print(
            f"rollback: but {back.model_version} is not brought back, the next night scores with another: {error}",
            file=sys.stderr,
        )
    day = date.fromisoformat(back.landing_date)
    night = Night(f"rollback-{now:%Y%m%dT%H%M%S}", Days(day, day), settings, now, code_hash(), config_hash(settings))
    reports = [TableReport("published", detail={**detail, "reason": given.reason} if given.reason else detail)]
    show("rollback", reports, time.monotonic() - began)
    record(Lake(settings.lake), night, "rollback", reports, time.monotonic() - began)
    return 1 if "model_stays" in detail else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

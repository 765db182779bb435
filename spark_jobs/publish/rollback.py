"""`make rollback`: readers see an earlier night again, at once, its snapshot and its warehouse file together.

Nothing is deleted. The next night publishes as usual, even when nothing new has landed: what is rolled back to does not count as
made of what has landed. On Snowflake only the lists go back; its own Time Travel brings back a schema.
"""

import argparse
import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from expectations.contracts.published import Published
from spark_jobs.build.files import builds
from spark_jobs.night import Days, Night, TableReport, code_hash, config_hash
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


def roll_back(home: Path, run_id: str | None) -> tuple[Published, Published]:
    """Switch readers to an earlier night; returns what they saw and what they see.

    Raises:
        CannotRollBack: nothing is published, there is no such night, or its files are gone.
    """
    with alone(home):
        now = Published.read(home)
        if now is None:
            raise CannotRollBack("nothing has been published yet")
        chosen = target(history(home), now, run_id)
        build = builds(home) / chosen.warehouse_file
        if not (snapshots(home) / chosen.snapshot / "data.mdb").is_file() or (chosen.warehouse_file and not build.is_file()):
            raise CannotRollBack(f"the files of {chosen.run_id} are gone")
        # Other inputs than any night has: `land` must not take the next one for done.
        back = replace(chosen, inputs=f"rolled back from {now.run_id}")
        back.write(home)
        follow(home, back)
    return now, back


def main(argv: list[str]) -> int:
    """Roll back and log it; 1 with a sentence when that cannot be."""
    parser = argparse.ArgumentParser(prog="make rollback", description=__doc__.splitlines()[0])
    parser.add_argument("--to", metavar="RUN", help="a run id; without it, the night before the one readers see")
    given, settings, began = parser.parse_args(argv), Settings.from_environment(), time.monotonic()
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        was, back = roll_back(settings.home, given.to)
    except CannotRollBack as error:
        print(f"rollback: {error}", file=sys.stderr)
        return 1
    day = date.fromisoformat(back.landing_date)
    now = datetime.now(UTC)
    night = Night(f"rollback-{now:%Y%m%dT%H%M%S}", Days(day, day), settings, now, code_hash(), config_hash(settings))
    reports = [TableReport("published", detail={"from": was.run_id, "to": back.run_id, "snapshot": back.snapshot})]
    show("rollback", reports, time.monotonic() - began)
    record(Lake(settings.lake), night, "rollback", reports, time.monotonic() - began)
    print(f"Readers see {back.run_id} of {back.landing_date} (model {back.model_version}); before: {was.run_id}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

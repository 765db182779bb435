"""What a border costs as a table grows: the whole table once, then a night's new rows.

Makes `core_events` of three sizes in a temporary lake, a file a day, checks it whole, adds a night of 1,600
events and checks again. Each check is a process of its own, as in a night, measured by its CPU seconds and
its peak memory.

    python -m benchmarks.border_checks
"""

import json
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from expectations.contracts.home import HomePaths
from expectations.contracts.lake import CORE_EVENTS
from spark_jobs.lake.delta_writes import append_rows, create_table
from spark_jobs.lake.tables import Lake
from spark_jobs.run import checks
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.run.manifest import record_reports
from spark_jobs.settings import Settings

SIZES, N_DAYS, N_NEW = (100_000, 1_000_000, 5_000_000), 50, 1_600
FILLED = {
    "event_id": "md5('{batch}' || n)",
    "source": "'shop'",
    "event_type": "'view'",
    "occurred_at": "timestamptz '{day} 09:00:00+00'",
    "occurred_date": "date '{day}'",
    "item_id": "'item' || n % 500",
    "anonymous_identifier_id": "'i_' || md5(cast(n % 9000 as varchar))",
    "first_received": "'{day}/events.jsonl#' || n",
}
MEASURE = """
import json, resource, sys
from pathlib import Path
from benchmarks.border_checks import check
unmet = check(Path(sys.argv[1]))
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([round(used.ru_utime + used.ru_stime, 2), used.ru_maxrss // 1024, unmet]))
"""


def add_day(lake: Lake, day: date, n_rows: int, batch: str) -> None:
    """Append events of one day, in one file."""
    columns = ", ".join(
        f"{FILLED.get(name, 'null').format(day=day, batch=batch)} as {name}" for name in CORE_EVENTS.columns
    )
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        rows = connection.sql(f"select {columns} from range({n_rows}) as t(n)").to_arrow_table()
    append_rows(rows, lake.path(CORE_EVENTS), CORE_EVENTS)


def check(home: Path) -> int:
    """Check what is due and record it, as a step does; how many expectations are not met."""
    lake, day = Lake(HomePaths(home).lake), date(2026, 1, 1)
    results = checks.check_tables(lake, [CORE_EVENTS.name])
    context = RunContext(
        "r",
        LandingDates(day, day),
        Settings.from_environment({"CONCIERGE_HOME": str(home)}),
        datetime(2026, 1, 1, tzinfo=UTC),
    )
    record_reports(lake, context, checks.STEP, [result.report() for result in results], 0.0)
    return sum(len(result.unmet) for result in results)


def measure_check(home: Path) -> tuple[float, int]:
    """CPU seconds and peak MB of a process that checks."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(home)], capture_output=True, text=True, check=True
    )
    seconds, megabytes, n_unmet = json.loads(done.stdout.splitlines()[-1])
    if n_unmet:
        raise SystemExit(f"{n_unmet} expectations are not met by rows that should meet all")
    return seconds, megabytes


def main() -> None:
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            lake = Lake(HomePaths(home).lake)
            create_table(lake.path(CORE_EVENTS), CORE_EVENTS)
            for n in range(N_DAYS):
                add_day(lake, date.fromordinal(date(2026, 1, 1).toordinal() + n), size // N_DAYS, f"old{n}-")
            whole = measure_check(home)
            add_day(lake, date(2026, 2, 20), N_NEW, "new-")
            night, nothing = measure_check(home), measure_check(home)
            print(
                f"{size:>9,} events: whole {whole[0]:.2f} CPU s, {whole[1]} MB; a night of {N_NEW:,} more"
                f" {night[0]:.2f} CPU s, {night[1]} MB; nothing new {nothing[0]:.2f} CPU s"
            )


if __name__ == "__main__":
    main()

"""What the warehouse takes as a shop grows: `dbt build` of a first night and of one more, in which a browser
that was there from the first day on turns out to be a buyer.

    python -m benchmarks.segment_growth [--sizes 2000x45 20000x120 100000x60] [--code CHECKOUT …]

The core tables are made here, by one query each, without ingest and identity. Every customer has a browser,
two of five an account as well; each is there on one day in twelve, with three views and a cart, and who has
an account orders every other time. `--code` builds with other checkouts too, on the same lake: seconds, CPU
seconds and the most memory of each, and, between two, marts that differ.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import write_deltalake

from benchmarks.online_retail_nights import PeakMemory
from expectations.contracts import lake as contracts
from expectations.contracts.home import HomePaths
from expectations.contracts.published import Published
from expectations.contracts.tables import Table
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.tables import Lake

ROOT = Path(__file__).resolve().parents[1]
OPENED = date(2026, 1, 5)
MARTS = (
    "fct_customer_segments",
    "fct_segment_changes",
    "dim_segments",
    "rpt_segment_sizes",
    "feat_customers",
)
VISITS = """
select n, d, hash(n, d) as h, n % 5 < 2 as has_account
from range($customers) people(n), range($first, $until) days(d)
where hash(n, d, 'visit') % 12 = 0 or (n = 3 and d % 2 = 0)
"""
EVENTS = f"""
select 'e' || n || '-' || d || '-' || step as event_id, 'web' as source,
    case when step = 3 then 'cart' else 'view' end as event_type,
    ($opened::timestamp + to_days(d::int) + to_minutes((60 + h % 1200 + step)::int)) at time zone 'UTC'
        as occurred_at,
    ($opened::date + d::int) as occurred_date, 'item' || hash(n, d, step) % 500 as item_id, 1 as quantity,
    case when has_account and step > 1 and n <> 3 then 'u' || n end as user_identifier_id,
    'a' || n as anonymous_identifier_id, 's' || n || '-' || d as session_id
from ({VISITS}), range(4) steps(step)
"""
LINES = f"""
select 'web' as source, 'o' || n || '-' || d as order_id, line::int as line_no, 'sale' as line_type,
    ($opened::timestamp + to_days(d::int) + to_minutes((90 + h % 1200)::int)) at time zone 'UTC'
        as ordered_at,
    ($opened::date + d::int) as ordered_date, 'item' || hash(n, d, line) % 500 as item_id, 1 as quantity,
    (1 + hash(n, d, line) % 9000 / 100)::decimal(18, 4) as unit_price, unit_price as amount,
    'EUR' as currency, 'u' || n as user_identifier_id, 'NL' as country, 'web' as channel
from ({VISITS}), range(1, 3) lines(line)
where has_account and h % 2 = 0 and n <> 3
"""
# The browser of number 3 is its own customer until the last night, and then number 5's, who buys.
IDENTIFIERS = """
select kind[1] || n as identifier_id, kind, 'web' as source, kind[1] || n as value,
    kind[1] || n as value_normalised, ($opened::timestamp) at time zone 'UTC' as first_seen_at,
    'c' || case when n = 3 and kind = 'anonymous_id' and $is_merged then 5 else n end as customer_id
from range($customers) people(n), (values ('anonymous_id'), ('user_id')) kinds(kind)
where kind = 'anonymous_id' or n % 5 < 2
"""
ITEMS = """
select 'item' || n as item_id, 'Item ' || n as title,
    ['Group ' || n % 12, 'Part ' || n % 60] as category_path,
    (1 + n % 90)::decimal(18, 4) as price, 'EUR' as currency, true as is_in_stock, n % 4 = 0 as is_consumable,
    true as is_recommendable, ($opened::timestamp) at time zone 'UTC' as first_seen_at
from range(500) items(n)
"""
BUILD = """
import sys
from datetime import UTC, date, datetime
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.settings import Settings
from spark_jobs.warehouse.build_inputs import prepare_build
from spark_jobs.warehouse.dbt import build_warehouse
home, run_id, day = sys.argv[1:]
settings, day = Settings.from_environment({"CONCIERGE_HOME": home}), date.fromisoformat(day)
context = RunContext(run_id, LandingDates(day, day), settings, datetime(2026, 6, 1, tzinfo=UTC))
plan = prepare_build(context, Lake(settings.lake))
results = build_warehouse(settings, plan, "--exclude-resource-type", "unit_test")["results"]
dearest = sorted(results, key=lambda node: -node["execution_time"])[:3]
print(", ".join(f"{node['unique_id'].split('.')[2]} {node['execution_time']:.1f} s" for node in dearest))
print(plan.finished)
"""


@dataclass(frozen=True)
class Cost:
    """What one build took.

    Attributes:
        file: what it built; None where it gave way.
        dearest: the models and tests that took longest.
    """

    seconds: float
    cpu_seconds: float
    gigabytes: float
    file: Path | None
    dearest: str


def write_core_tables(lake: Lake, customers: int, days: range, is_merged: bool) -> None:
    """The events and order lines of these days, added; identities and items as they then are."""
    values = {"customers": customers, "first": days.start, "until": days.stop, "opened": OPENED.isoformat()}
    with duckdb.connect(config={"threads": 2}) as db:
        db.execute("set TimeZone = 'UTC'")
        for table, query in ((contracts.CORE_EVENTS, EVENTS), (contracts.CORE_ORDER_LINES, LINES)):
            append(lake, table, db.sql(query, params=values).to_arrow_table(), "append")
        of_identity = {"customers": customers, "opened": values["opened"], "is_merged": is_merged}
        rows = db.sql(IDENTIFIERS, params=of_identity).to_arrow_table()
        items = db.sql(ITEMS, params={"opened": values["opened"]}).to_arrow_table()
    for table, of_table in (
        (contracts.CORE_IDENTIFIERS, rows),
        (contracts.CORE_IDENTITIES, rows),
        (contracts.CORE_ITEMS, items),
    ):
        append(lake, table, of_table, "overwrite")


def append(lake: Lake, table: Table, rows: pa.Table, mode: str) -> None:
    """Write rows into a table of the lake; columns of the contract that they lack are empty."""
    schema = build_arrow_schema(table)
    columns = [
        rows[field.name].cast(field.type)
        if field.name in rows.column_names
        else pa.nulls(len(rows), field.type)
        for field in schema
    ]
    write_deltalake(
        lake.path(table),
        pa.table(columns, schema=schema),
        mode=mode,
        partition_by=[table.partition] if table.partition else None,
    )


def build(code: Path, home: Path, run_id: str, day: date, minutes: float) -> Cost:
    """One `dbt build` with a checkout's code, published."""
    command = [sys.executable, "-c", BUILD, str(home), run_id, day.isoformat()]
    environment = {**os.environ, "PYTHONPATH": str(code)}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with PeakMemory() as memory:
        try:
            ended = subprocess.run(
                command, cwd=code, env=environment, capture_output=True, text=True, timeout=60 * minutes
            )
            error = ended.stderr.strip()[-400:] if ended.returncode else ""
        except subprocess.TimeoutExpired:
            error = f"not done after {minutes:.0f} minutes"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    dearest, file = ("", None) if error else ended.stdout.strip().splitlines()[-2:]
    file = file and Path(file)
    if error:
        print(f"    gave way: {error}", flush=True)
    else:
        published_at = datetime(2026, 6, 1, tzinfo=UTC).isoformat()
        Published(run_id, day.isoformat(), published_at, "", file.name, "", "").write(home)
    return Cost(time.monotonic() - start, cpu, memory.bytes / 1e9, file, dearest)


def count_differences(before: Path, after: Path) -> dict[str, int]:
    """Rows of the segments' marts that only one of two warehouses holds."""
    with duckdb.connect() as db:
        db.execute(f"attach '{before}' as one (read_only)")
        db.execute(f"attach '{after}' as other (read_only)")
        return {
            mart: db.execute(
                f"select count(*) from ((from one.{mart} except all from other.{mart})"
                f" union all (from other.{mart} except all from one.{mart}))"
            ).fetchall()[0][0]
            for mart in MARTS
        }


def measure(customers: int, days: int, codes: list[Path], folder: Path, minutes: float) -> None:
    """A first night of all days but one, and one more night, with each checkout in turn."""
    lake, last = Lake(folder / "lake"), OPENED + timedelta(days=days - 1)
    homes = {code: folder / f"home-{n}" for n, code in enumerate(codes)}
    for home in homes.values():
        home.mkdir(parents=True)
        HomePaths(home).lake.symlink_to(folder / "lake")
    for night, of_night, day in (
        ("first", range(days - 1), last - timedelta(days=1)),
        ("next", range(days - 1, days), last),
    ):
        write_core_tables(lake, customers, of_night, is_merged=night == "next")
        files = []
        for code, home in homes.items():
            if night == "next" and not Published.read(home):
                continue
            cost = build(code, home, night, day, minutes)
            files.append(cost.file)
            print(
                f"{customers:>8,} customers × {days} days, {night:<5} night, {code.name:<12}"
                f" {cost.seconds:7.1f} s  {cost.cpu_seconds:7.1f} s CPU  {cost.gigabytes:5.1f} GB"
                f"  {cost.dearest}",
                flush=True,
            )
        if len(files) > 1 and all(files):
            print(f"    rows that differ: {count_differences(files[0], files[-1])}", flush=True)


def main() -> None:
    """Print every size, both nights, each checkout."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", nargs="+", default=["2000x45", "20000x120", "100000x60"])
    parser.add_argument("--code", type=Path, nargs="*", default=[], help="checkouts to build with before")
    parser.add_argument("--minutes", type=float, default=30, help="after which a build is given up")
    args = parser.parse_args()
    for size in args.sizes:
        customers, days = map(int, size.split("x"))
        with tempfile.TemporaryDirectory() as folder:
            measure(customers, days, [*args.code, ROOT], Path(folder), args.minutes)


if __name__ == "__main__":
    main()

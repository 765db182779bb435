"""`make quarantine`: what was refused, by source, feed, reason and landing day, with a few samples, personal
values masked.

Reads the lake without Spark. Records of files that were replaced or taken back since are counted, and not
shown.
"""

import argparse
import sys
from collections import defaultdict
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from expectations.contracts.lake import OPS_DELIVERIES, QUARANTINE
from expectations.contracts.masking import MASK, mask_record
from expectations.contracts.personal import has_personal_value
from expectations.contracts.reasons import REASONS
from operate.csv_headers import read_csv_header
from operate.settings import load_settings_or_exit
from spark_jobs.lake.tables import Lake
from spark_jobs.settings import Settings
from spark_jobs.sources.registry import load_sources

Group = tuple[str, str, str, date]
MOST_SAMPLES = 20


def read_quarantine(lake: Lake, filters: dict[str, object]) -> tuple[dict[Group, list[dict]], int]:
    """Refused records of files that count, by source, feed, reason and landing day; and how many of other
    files there are.

    Args:
        filters: columns of `quarantine` and the value that each must have.
    """
    replaced = {
        row["delivery_id"] for row in lake.read_arrow(OPS_DELIVERIES).to_pylist() if row["superseded_by"]
    }
    groups: dict[Group, list[dict]] = defaultdict(list)
    n_replaced = 0
    for row in lake.read_arrow(QUARANTINE).to_pylist():
        if any(row[name] != value for name, value in filters.items()):
            continue
        if row["delivery_id"] in replaced:
            n_replaced += 1
        else:
            groups[row["source"], row["entity"], row["reason"], row["landing_date"]].append(row)
    return dict(sorted(groups.items())), n_replaced


def print_groups(console: Console, groups: dict[Group, list[dict]]) -> None:
    """One line a group, with the details that its records were refused for."""
    table = Table(box=None, pad_edge=False)
    for name in ("source", "feed", "reason", "day"):
        table.add_column(name)
    table.add_column("records", justify="right")
    table.add_column("about")
    for (source, feed, reason, day), rows in groups.items():
        details = [row["detail"] for row in rows]
        most = sorted(
            {detail for detail in details if detail}, key=lambda detail: (-details.count(detail), detail)
        )[:3]
        about = "; ".join(MASK if has_personal_value(detail) else detail for detail in most)
        table.add_row(source, feed, reason, str(day), f"{len(rows):,}", escape(about))
    console.print(table)


def print_samples(console: Console, settings: Settings, groups: dict[Group, list[dict]], n: int) -> None:
    """The first records of each group, in the order they stand in their files."""
    columns = {
        (source.name, feed.entity): feed.columns
        for source in load_sources(settings.sources)
        for feed in source.feeds
    }
    headers: dict[str, list[str] | None] = {}
    for (source, feed, reason, day), rows in groups.items():
        console.print(f"\n{escape(f'{source}.{feed} {reason} {day}')}")
        for row in sorted(rows, key=lambda row: (row["source_file"], row["source_line"]))[:n]:
            name = row["source_file"]
            if name not in headers:
                is_csv = Path(name).suffix.lower() == ".csv"
                headers[name] = (
                    read_csv_header(settings.landing / name, columns.get((source, feed), ()))
                    if is_csv
                    else None
                )
            console.print(
                escape(
                    f"  {name} line {row['source_line']}: {mask_record(row['raw_text'] or '', headers[name])}"
                )
            )


def main(argv: list[str]) -> int:
    """Print what was refused; 0 whether there is anything or not."""
    parser = argparse.ArgumentParser(prog="make quarantine", description=__doc__)
    parser.add_argument("--source", default="", help="SOURCE=: a source")
    parser.add_argument("--feed", default="", help="FEED=: a feed of it")
    parser.add_argument("--reason", default="", help=f"REASON=: {', '.join(REASONS)}")
    parser.add_argument("--day", default="", help="DAY=: a landing day, YYYY-MM-DD")
    parser.add_argument(
        "--samples",
        default="",
        help=f"SAMPLES=: records shown of each group, 0 to {MOST_SAMPLES}; default 3, of all groups none",
    )
    args = parser.parse_args(argv)
    if args.reason and args.reason not in REASONS:
        parser.error(f"REASON is {args.reason!r}; allowed: {', '.join(REASONS)}")
    try:
        day = date.fromisoformat(args.day) if args.day else None
    except ValueError:
        parser.error(f"DAY is {args.day!r}; it must be a day, as 2026-01-05")
    if args.samples and not (args.samples.isdecimal() and int(args.samples) <= MOST_SAMPLES):
        parser.error(f"SAMPLES is {args.samples!r}; it must be a whole number from 0 to {MOST_SAMPLES}")
    settings, console = (
        load_settings_or_exit(),
        Console(width=None if sys.stdout.isatty() else 200, highlight=False),
    )
    lake = Lake(settings.lake)
    filters = {"source": args.source, "entity": args.feed, "reason": args.reason, "landing_date": day}
    set_filters = {name: value for name, value in filters.items() if value}
    groups, n_replaced = read_quarantine(lake, set_filters)
    n_records = sum(map(len, groups.values()))
    such = " that you ask for" if set_filters else ""
    headline = f"{n_records:,} refused records{such}" if n_records else f"No refused records{such}"
    console.print(f"{headline} in {settings.home}")
    if n_replaced:
        console.print(f"({n_replaced:,} more are of files that were replaced since)")
    if n_records:
        print_groups(console, groups)
        # 43 days of the sample shop have some 500 groups: nobody reads three records of each.
        if samples := int(args.samples or (3 if set_filters else 0)):
            print_samples(console, settings, groups, samples)
        elif not args.samples:
            console.print("\nSOURCE=, FEED=, REASON= or DAY= shows the records themselves, masked.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

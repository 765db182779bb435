"""Are the planted defects found, each one and no more? A sample shop's home against the shop's own truth:

    python -m benchmarks.planted --home FOLDER --to 2026-02-18

Refused records are compared one by one, by file and line, with the reason they were planted for; records delivered twice by
number, since either of two equal ones may count. Prints a line per feed and reason and ends with 1 when anything differs.
"""

import argparse
from collections import Counter
from datetime import date
from pathlib import Path

import pandas as pd

from expectations.contracts.lake import OPS_RUNS, QUARANTINE
from spark_jobs.tables import Lake

TARGETS = {"events": "core_events", "orders": "core_order_lines"}  # feeds whose records may come twice
TWICE = ("duplicate", "repeated")


def planted(truth: Path, name: str, last: date) -> pd.DataFrame:
    """The truth's records or counts of all days up to the last."""
    days = [folder for folder in sorted((truth / "planted").iterdir()) if folder.name <= last.isoformat()]
    return pd.concat([pd.read_csv(folder / name).assign(day=folder.name) for folder in days], ignore_index=True)


def main() -> int:
    """Print the comparison; 1 when anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--to", type=date.fromisoformat, required=True, help="the last landing day")
    given = parser.parse_args()
    lake, counts = Lake(given.home / "lake"), planted(given.home / "truth", "counts.csv", given.to)
    records = planted(given.home / "truth", "records.csv", given.to)
    refused = [row for row in lake.read_arrow(QUARANTINE).to_pylist() if row["landing_date"] <= given.to]
    found = Counter((row["entity"], row["reason"], row["source_file"].split("/")[-2], row["source_line"]) for row in refused)
    wanted = records[records["reason"].notna()]
    asked = Counter(zip(wanted["feed"], wanted["reason"], wanted["day"], wanted["line"], strict=True))
    print(f"{'feed':<10} {'reason':<16} planted  found  missed  too many")
    for feed, reason in sorted({key[:2] for key in asked | found}):
        a, b = ({key for key in side if key[:2] == (feed, reason)} for side in (asked, found))
        print(f"{feed:<10} {reason:<16} {len(a):7,} {len(a & b):6,} {len(a - b):7,} {len(b - a):9,}")
    differ = asked != found
    runs = [row for row in lake.read_arrow(OPS_RUNS).to_pylist() if row["step"] == "ingest"]
    for feed, table in TARGETS.items():
        twice = counts[(counts["feed"] == feed) & counts["kind"].str.contains("|".join(TWICE))]["n"].sum()
        held = sum(row["n_duplicate"] or 0 for row in runs if row["table_name"] == table)
        print(f"{feed:<10} {'delivered twice':<16} {twice:7,} {held:6,}")
        differ |= twice != held
    return int(differ)


if __name__ == "__main__":
    raise SystemExit(main())

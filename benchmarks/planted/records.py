"""Records that had to be refused, and records that came twice: what the shop planted against what the lake
says of them.
"""

from datetime import date
from pathlib import Path

import pandas as pd

from benchmarks.planted.score import PlantScore
from expectations.contracts.lake import OPS_RUNS, QUARANTINE
from spark_jobs.lake.tables import Lake

TARGETS = {"events": "core_events", "orders": "core_order_lines"}  # feeds whose records may come twice
TWICE = "duplicate|repeated"


def read_planted_records(truth: Path, name: str, last: date) -> pd.DataFrame:
    """The truth's records or counts of all days up to the last."""
    days = [folder for folder in sorted((truth / "planted").iterdir()) if folder.name <= last.isoformat()]
    return pd.concat(
        [pd.read_csv(folder / name).assign(day=folder.name) for folder in days], ignore_index=True
    )


def judge_refused_records(lake: Lake, truth: Path, last: date) -> list[PlantScore]:
    """By feed and reason: a planted record is right when it stands in quarantine under that reason, file
    by file, line by line; one that stands there and was not planted is too many.
    """
    records = read_planted_records(truth, "records.csv", last)
    rows = [row for row in lake.read_arrow(QUARANTINE).to_pylist() if row["landing_date"] <= last]
    quarantined = {
        (row["entity"], row["reason"], *row["source_file"].split("/")[-2:], row["source_line"])
        for row in rows
    }
    refused_records = records[records["reason"].notna()]
    expected = set(
        zip(*(refused_records[name] for name in ("feed", "reason", "day", "file", "line")), strict=True)
    )
    scores = []
    for feed, reason in sorted({key[:2] for key in expected | quarantined}):
        a, b = ({key for key in side if key[:2] == (feed, reason)} for side in (expected, quarantined))
        examples = [
            *(f"not refused: {'/'.join(map(str, key[2:]))}" for key in sorted(a - b)),
            *(f"refused: {'/'.join(map(str, key[2:]))}" for key in sorted(b - a)),
        ]
        scores.append(
            PlantScore(f"{feed}: {reason}", len(a), len(a & b), len(a - b) + len(b - a), tuple(examples))
        )
    return scores


def judge_repeated_records(lake: Lake, truth: Path, last: date) -> list[PlantScore]:
    """By feed, how many records were told to be repeats; by number, since either of two equal ones may
    count.
    """
    counts = read_planted_records(truth, "counts.csv", last)
    runs = [row for row in lake.read_arrow(OPS_RUNS).to_pylist() if row["step"] == "ingest"]
    scores = []
    for feed, table in TARGETS.items():
        twice = int(counts[(counts["feed"] == feed) & counts["kind"].str.contains(TWICE)]["n"].sum())
        n_duplicates = sum(row["n_duplicate"] or 0 for row in runs if row["table_name"] == table)
        scores.append(
            PlantScore(f"{feed}: delivered twice", twice, min(twice, n_duplicates), abs(twice - n_duplicates))
        )
    return scores

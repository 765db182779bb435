"""Show a night's steps as they finish: what `ops_runs` gains while a DAG run goes on."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from expectations.contracts.lake import OPS_RUNS
from spark_jobs.lake.tables import Lake
from spark_jobs.run.manifest import OUTCOMES

STEPS = ("land", "ingest", "identify", "load", "dbt", "export", "train", "score", "publish")


@dataclass
class Follower:
    """Prints each step's rows and seconds once; call it about once a second."""

    lake: Lake
    console: Console
    began: float = field(default_factory=time.monotonic)
    shown: int = 0
    version: int | None = None
    shown_any: bool = False

    def __post_init__(self) -> None:
        self.version = self.lake.version(OPS_RUNS)
        self.shown = self.lake.read_arrow(OPS_RUNS, ["step"]).num_rows

    def __call__(self) -> None:
        version = self.lake.version(OPS_RUNS)
        if version == self.version:
            return
        self.version = version
        rows = self.lake.read_arrow(OPS_RUNS).to_pylist()
        rows.sort(
            key=lambda row: (row["finished_at"], STEPS.index(row["step"]) if row["step"] in STEPS else 99)
        )
        fresh, self.shown = rows[self.shown :], len(rows)
        self.shown_any = True
        for step in dict.fromkeys(row["step"] for row in fresh):
            self.show(step, [row for row in fresh if row["step"] == step])

    def show(self, step: str, rows: list[dict]) -> None:
        at = time.monotonic() - self.began
        self.console.print(
            f"[bold]{at:6.0f} s  {step}[/bold]  [dim]{rows[0]['seconds']:.1f} s of its own[/dim]"
        )
        for line in promises(rows) if step == "validate" else map(describe, rows):
            self.console.print(f"            {line}", highlight=False, soft_wrap=True)


def promises(rows: list[dict]) -> list[str]:
    """What a border said, in a line, and a line more for each table that was not all it promised."""
    said = [(row["table_name"], json.loads(row["detail"])) for row in rows]
    unmet = [
        f"{table:<30} {each['severity']}: {each['expectation']}, {each['n_rows']} rows"
        for table, detail in said
        for each in detail["unmet"]
    ]
    met = sum(detail["n_expectations"] - detail["n_unmet"] for _, detail in said)
    return [f"{met} of {met + len(unmet)} expectations met by {len(said)} tables", *unmet]


def describe(row: dict) -> str:
    """One row of `ops_runs` as a line: the table, its rows, and what became of what was received."""
    counts = [f"{name} {row[f'n_{name}']:,}" for name in OUTCOMES if row[f"n_{name}"]]
    detail = json.loads(row["detail"] or "{}")
    if detail.get("deleted"):
        counts.append(f"deleted {detail['deleted']:,}")
    if row["n_rows"] is not None:
        counts.append(f"{row['n_rows']:,} rows")
    if "n_files" in detail and not counts:
        counts = [
            f"{detail['n_files']:,} files delivered" if detail["n_files"] else "all files were here already"
        ]
    if not counts:
        counts = [
            f"{name} {value}" for name, value in detail.items() if isinstance(value, (int, float, str))
        ][:4]
    same = row["version_before"] == row["version_after"]
    if not counts:
        counts = ["nothing to do" if same else f"version {row['version_after']} written"]
    as_it_was = "  [dim]as it was[/dim]" if same and row["version_after"] is not None else ""
    return f"{row['table_name']:<30} {', '.join(counts)}{as_it_was}"


def follower(lake_folder: Path, console: Console) -> Follower:
    """A follower of the home's run manifest, from now on."""
    return Follower(Lake(lake_folder), console)

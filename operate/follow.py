"""Show a run's steps on the screen as they finish: a reader of the log that the steps write."""

import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from spark_jobs.run.logs import FILE
from spark_jobs.run.manifest import OUTCOMES


@dataclass
class RunFollower:
    """Prints the tables and seconds of each step that ends from now on; call it about once a second."""

    file: Path
    console: Console
    began: float = field(default_factory=time.monotonic)
    offset: int = 0
    shown_any: bool = False

    def __post_init__(self) -> None:
        self.offset = self.file.stat().st_size if self.file.exists() else 0

    def __call__(self) -> None:
        for record in self.read_new_records():
            if "tables" in record:
                self.shown_any = True
                self.show(record["step"], record["seconds"], record["tables"])

    def read_new_records(self) -> list[dict]:
        """What was logged since the last time. A line that is still being written waits for its end; one that
        a killed process left half written is passed over.
        """
        if not self.file.exists():
            return []
        with self.file.open("rb") as log:
            log.seek(self.offset)
            lines, _, _ = log.read().rpartition(b"\n")
        self.offset += len(lines) + 1 if lines else 0
        records = []
        for line in lines.splitlines():
            with suppress(ValueError):
                records.append(json.loads(line))
        return records

    def show(self, step: str, seconds: float, rows: list[dict]) -> None:
        at = time.monotonic() - self.began
        self.console.print(f"[bold]{at:6.0f} s  {step}[/bold]  [dim]{seconds:.1f} s of its own[/dim]")
        for line in describe_border_check(rows) if step == "validate" else map(describe_table_row, rows):
            self.console.print(f"            {line}", highlight=False, soft_wrap=True)


def describe_border_check(rows: list[dict]) -> list[str]:
    """What a border said, in a line, and a line more for each table that was not all it promised."""
    details = [(row["table_name"], row["detail"]) for row in rows]
    unmet = [
        f"{table:<30} {each['severity']}: {each['expectation']}, {each['n_rows']} rows"
        for table, detail in details
        for each in detail["unmet"]
    ]
    met = sum(detail["n_expectations"] - detail["n_unmet"] for _, detail in details)
    return [f"{met} of {met + len(unmet)} expectations met by {len(details)} tables", *unmet]


def describe_table_row(row: dict) -> str:
    """What a step did to one table as a line: the table, its rows, and what became of what was received."""
    counts = [f"{name} {row[f'n_{name}']:,}" for name in OUTCOMES if row[f"n_{name}"]]
    detail = row["detail"]
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


def start_follower(home: Path, console: Console) -> RunFollower:
    """A follower of the home's log, from now on."""
    return RunFollower(home / FILE, console)

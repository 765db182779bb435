"""Measure every row, each in a process of its own, one after the other, and gather what they found.

A row that cannot be fitted on the data is not begun, one that takes longer than the seconds that are left is
ended, and those behind it are not begun either: each says why it has no figures.
"""

import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.leaderboard.datasets import Dataset
from benchmarks.leaderboard.rows import LeaderboardRow, list_rows
from models.data_shape import DataShape
from models.evaluation import MetricResults
from models.evaluation.silent_recommenders import describe_empty_lists
from models.fit_limits import format_left_out_parts

ROOT = Path(__file__).resolve().parents[2]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class RowResult:
    """A row and what it came to.

    Attributes:
        wrong: why it has no figures: what it was left out for, or the last line that a failed process wrote.
        warnings: what a reader of its figures must know: parts it was fitted without, nothing to say to
            nearly everybody.
    """

    row: LeaderboardRow
    found: MetricResults | None
    took: dict[str, float]
    wrong: str = ""
    warnings: tuple[str, ...] = ()


def select_rows(rows_name: str, only: tuple[str, ...] = ()) -> list[LeaderboardRow]:
    """The rows of these names, or all of the data set's.

    Raises:
        ValueError: a name in `only` is no row's.
    """
    by_name = {row.name: row for row in list_rows(rows_name)}
    if unknown := [name for name in only if name not in by_name]:
        raise ValueError(f"no row {', '.join(unknown)}; there are {', '.join(by_name)}")
    return [by_name[name] for name in only] or list(by_name.values())


@dataclass(frozen=True)
class RunOptions:
    """How rows are fitted and measured.

    Attributes:
        window: the data set's `test` or `validation`.
        threads: of a row's own process.
        seconds: within which all rows must end; None for as long as it takes.
    """

    window: str
    threads: int
    seed: int
    seconds: float | None = None


def run_rows(
    data: Dataset,
    rows_name: str,
    only: tuple[str, ...],
    options: RunOptions,
) -> Iterator[RowResult]:
    """A result a row, as each is ready.

    Raises:
        ValueError: a name in `only` is no row's.
    """
    rows, shape = (
        select_rows(rows_name, only),
        DataShape.from_training(getattr(data, options.window).training),
    )
    start, seconds = time.monotonic(), options.seconds
    with tempfile.TemporaryDirectory() as temporary:
        handed = Path(temporary) / "data"
        handed.write_bytes(pickle.dumps(data))  # from this process to its children, and gone with them
        for number, row in enumerate(rows):
            left_out = row.left_out(shape)
            if row.single and left_out:
                yield RowResult(row, None, {}, f"left out: {' '.join(left_out.values())}")
                continue
            seconds_left = None if seconds is None else seconds - (time.monotonic() - start)
            if seconds_left is not None and seconds_left <= 0:
                yield RowResult(row, None, {}, f"left out: the {seconds:g} seconds of the table were over")
                continue
            to = Path(temporary) / f"row{number}"
            command = [
                sys.executable,
                "-m",
                "benchmarks.leaderboard.measure",
                str(handed),
                str(to),
                "--rows-of",
                rows_name,
                "--row",
                row.name,
                "--window",
                options.window,
                "--seed",
                str(options.seed),
            ]
            environment = {
                **os.environ,
                **dict.fromkeys(THREADS, str(options.threads)),
                "PYTHONPATH": str(ROOT),
            }
            try:
                done = subprocess.run(
                    command,
                    cwd=ROOT,
                    env=environment,
                    stderr=subprocess.PIPE,
                    text=True,
                    check=False,
                    timeout=seconds_left,
                )
            except subprocess.TimeoutExpired:
                yield RowResult(
                    row,
                    None,
                    {},
                    f"left out: it took longer than the {seconds_left:.0f} s left of the table's {seconds:g}",
                )
                continue
            if done.returncode:
                last = (done.stderr.strip().splitlines() or [f"ended by {done.returncode}"])[-1]
                yield RowResult(row, None, {}, f"failed: {last}")
            else:
                yield read_result(row, to, left_out)


def read_result(row: LeaderboardRow, to: Path, left_out: dict[str, str]) -> RowResult:
    """What the child left.

    Args:
        left_out: by part of a blend, why it was fitted without.
    """
    document = json.loads(to.with_suffix(".json").read_text())
    figures: dict[str, dict[str, np.ndarray]] = {}
    with np.load(to.with_suffix(".npz")) as arrays:
        for key in arrays.files:
            task, name = key.split("/", 1)
            figures.setdefault(task, {})[name] = arrays[key]
    metrics = MetricResults(figures, document["lists"], document["k"])
    warnings = (
        f"without {format_left_out_parts(left_out)}" if left_out else None,
        describe_empty_lists(metrics, row.tasks),
    )
    return RowResult(row, metrics, document["took"], warnings=tuple(words for words in warnings if words))

"""Measure every row, each in a process of its own, one after the other, and gather what they found."""

import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.leaderboard.datasets import Data
from benchmarks.leaderboard.rows import Row, rows_of
from models.evaluation import Measured

ROOT = Path(__file__).resolve().parents[2]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Result:
    """A row and what it came to; `wrong` is the last line it said where it failed."""

    row: Row
    found: Measured | None
    took: dict[str, float]
    wrong: str = ""


def known(rows_name: str, only: tuple[str, ...] = ()) -> list[Row]:
    """The rows of these names, or all of the data set's.

    Raises:
        ValueError: a name in `only` is no row's.
    """
    held = {row.name: row for row in rows_of(rows_name)}
    if unknown := [name for name in only if name not in held]:
        raise ValueError(f"no row {', '.join(unknown)}; there are {', '.join(held)}")
    return [held[name] for name in only] or list(held.values())


def results(data: Data, rows_name: str, only: tuple[str, ...], window: str, threads: int, seed: int) -> Iterator[Result]:
    """A result a row, as each is ready.

    Raises:
        ValueError: a name in `only` is no row's.
    """
    rows = known(rows_name, only)
    with tempfile.TemporaryDirectory() as aside:
        handed = Path(aside) / "data"
        handed.write_bytes(pickle.dumps(data))  # from this process to its children, and gone with them
        for number, row in enumerate(rows):
            to = Path(aside) / f"row{number}"
            command = [
                sys.executable, "-m", "benchmarks.leaderboard.measure", str(handed), str(to), "--rows-of", rows_name,
                "--row", row.name, "--window", window, "--seed", str(seed),
            ]  # fmt: skip
            environment = {**os.environ, **dict.fromkeys(THREADS, str(threads)), "PYTHONPATH": str(ROOT)}
            done = subprocess.run(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, check=False)
            if done.returncode:
                yield Result(row, None, {}, (done.stderr.strip().splitlines() or [f"ended by {done.returncode}"])[-1])
            else:
                yield read(row, to)


def read(row: Row, to: Path) -> Result:
    """What the child left."""
    said = json.loads(to.with_suffix(".json").read_text())
    figures: dict[str, dict[str, np.ndarray]] = {}
    with np.load(to.with_suffix(".npz")) as arrays:
        for key in arrays.files:
            task, name = key.split("/", 1)
            figures.setdefault(task, {})[name] = arrays[key]
    return Result(row, Measured(figures, said["lists"], said["k"]), said["took"])

"""The budget of a search: seconds run down, memory is limited for a while."""

import subprocess
import sys
from pathlib import Path

from spark_jobs.train.budget import SearchBudget

ROOT = Path(__file__).resolve().parents[3]
LIMITED = """
import numpy as np
from spark_jobs.train.budget import reset_peak_memory, limit_memory, read_peak_memory
reset_peak_memory()
before = read_peak_memory()
try:
    with limit_memory(64 << 20):
        np.ones(100 << 20, np.int8)
    print("not limited")
except MemoryError:
    pass
held = np.ones(100 << 20, np.int8)
grown = read_peak_memory() - before
del held
reset_peak_memory()
print(grown >> 20, (read_peak_memory() - before) >> 20)
"""


def test_a_memory_limit_holds_and_is_lifted():
    """In a process of its own: one that has freed much takes from that first, and of that nobody need ask the
    system.
    """
    done = subprocess.run(
        [sys.executable, "-c", LIMITED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    grown, after = map(int, done.stdout.split())
    assert 90 < grown < 110, "behind the limit, as much as one likes"
    assert after < 50, "each trial has a peak of its own"


def test_a_budget_runs_down_and_keeps_a_share_for_selecting_weights():
    now = [100.0]
    budget = SearchBudget(60.0, 1, clock=lambda: now[0])
    assert (budget.seconds_left_for_trials, budget.is_exhausted) == (60 * 0.75 - 3, False)
    now[0] = 150.0
    assert (budget.seconds_left_for_trials, budget.spent_seconds, budget.is_exhausted) == (0.0, 50.0, False)
    now[0] = 159.0
    assert budget.is_exhausted, "what begins now would end too late"

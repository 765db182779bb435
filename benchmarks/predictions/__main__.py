"""How good the predictive traits are on Online Retail, beside the RFM rule and BG/NBD with Gamma-Gamma; one
command:

    python -m benchmarks.predictions [--data FOLDER] [--python PYTHON] [--without-bg-nbd] [--rolling]

Each trait's last horizon is kept out. What the fit and the gate were chosen on are the windows that end 30
days and more before the data do: `--rolling` shows the verdict of each, and that of the kept one.

BG/NBD comes from `pymc-marketing`, which wants Python 3.12: uv makes an environment of its own for it
(600 MB, once).
"""

import argparse
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.leaderboard.datasets import SHARED
from benchmarks.predictions.online_retail_history import load_history, summarise_customers
from models.predictions.cuts import plan_cuts
from models.predictions.history import CustomerHistory
from models.predictions.measures import (
    PROBABILITY_MEASURES,
    SPEND_MEASURES,
    list_deciles,
    measure_with_intervals,
)
from models.predictions.predictor import TreeSettings
from models.predictions.training import TestedTrait, evaluate_trait, train_trait
from models.predictions.traits import CHURN_TRAIT, TRAITS, Trait

SEED = 1
SCRIPT = Path(__file__).with_name("buy_till_you_die.py")
UV = Path(".venv/bin/uv")
STEP_BACK, MOST_BACK = 15, 90  # days between the ends of `--rolling`


def predict_bg_nbd(
    history: CustomerHistory, tested: TestedTrait, trait: Trait, python: str | None
) -> np.ndarray:
    """The prediction of BG/NBD for the tested customers, fitted on all days before the test."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "customers.csv"
        summarise_customers(history, tested.plan.test).to_csv(file, index=False)
        chosen = ["--python", python] if python else []
        command = [UV, "run", "-q", "--system-certs", *chosen, "--script", SCRIPT, file, str(trait.days)]
        answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        (Path(folder) / "answer.csv").write_bytes(answer.stdout)
        rows = pd.read_csv(Path(folder) / "answer.csv").set_index("customer_id")
    column = rows["probability" if trait.is_probability else "spend"]
    # Whom the model does not know has only brought goods back: nothing is expected of them.
    values = column.reindex(tested.customers).fillna(0.0).to_numpy()
    return 1 - values if trait.kind == CHURN_TRAIT else values


def print_trait(history: CustomerHistory, trait: Trait, python: str | None, with_bg_nbd: bool) -> None:
    """The figures of a trait on its kept window, with 95 % intervals."""
    start = time.process_time()
    plan = plan_cuts(int(history.day.min()), history.until, trait.days, is_tested=True)
    tested = evaluate_trait(history, trait, plan, SEED, TreeSettings())
    seconds = time.process_time() - start
    predictions = {"model": tested.predicted, "rfm": tested.by_rule}
    if with_bg_nbd:
        predictions["bg_nbd"] = predict_bg_nbd(history, tested, trait, python)
    measures = PROBABILITY_MEASURES if trait.is_probability else SPEND_MEASURES
    figures = measure_with_intervals(predictions, tested.outcomes, measures, SEED)
    mean = tested.outcomes.mean()
    print(f"\n{trait.name}: {len(tested.outcomes):,} customers, outcome {mean:.3f} on average;", end=" ")
    print(f"fitted and tested in {seconds:.1f} CPU seconds")
    for name, row in figures.items():
        print(f"  {name:<12}", "  ".join(f"{key} {format_interval(*value)}" for key, value in row.items()))
    for number, row in enumerate(list_deciles(tested.predicted, tested.outcomes), 1):
        print(f"  tenth {number:>2}: predicted {row['predicted']:9.3f}, came {row['came']:9.3f}")


def format_interval(value: float, low: float, high: float) -> str:
    """`0.7431 [0.7174, 0.7692]`, with fewer places for money."""
    places = 4 if abs(value) < 10 else 1
    return f"{value:.{places}f} [{low:.{places}f}, {high:.{places}f}]"


def print_rolling(history: CustomerHistory) -> None:
    """Each trait's verdict had the data ended earlier."""
    for trait in TRAITS:
        for back in range(0, MOST_BACK + 1, STEP_BACK):
            result = train_trait(history.before(history.until - back), trait, SEED)
            print(f"{trait.name} {back:>2} days earlier: {result.verdict.word}: {result.verdict.reason}")


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=SHARED / "online_retail")
    parser.add_argument("--python", default=None, help="a Python 3.12 for BG/NBD; uv looks for one otherwise")
    parser.add_argument("--without-bg-nbd", action="store_true")
    parser.add_argument("--rolling", action="store_true", help="verdicts had the data ended earlier")
    args = parser.parse_args()
    history = load_history(args.data)
    show = partial(print_trait, history, python=args.python, with_bg_nbd=not args.without_bg_nbd)
    if args.rolling:
        print_rolling(history)
        return
    for trait in TRAITS:
        show(trait)


if __name__ == "__main__":
    main()

"""What is said about a model: the leaderboard with intervals, as JSON and as a picture."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from models.evaluation import TASKS, Measured, interval
from models.split import Case

WARM_DAYS = 3  # customers with this many days of purchases before the test count as warm
DRAWS = 500


def row(found: Measured, test: Case) -> dict[str, Any]:
    """One recommender's figures, each as mean and 95 % interval over customers."""
    warm = test.n_days_before >= WARM_DAYS
    said: dict[str, Any] = {"quality": _spread(found.quality)}
    for task in TASKS:
        said[task] = {
            "ndcg": _spread(found.ndcg[task]),
            "ndcg_warm": _spread(np.where(warm, found.ndcg[task], np.nan)),
            "ndcg_cold": _spread(np.where(warm, np.nan, found.ndcg[task])),
            "recall": _spread(found.recall[task]),
            "mrr": _spread(found.mrr[task]),
            "novelty": _spread(found.novelty[task]),
            "coverage": round(found.coverage[task], 4),
            "n_customers": int((~np.isnan(found.ndcg[task])).sum()),
        }
    return said


def metrics(board: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """The leaderboard's means, by names a registry takes: `<recommender>.<task>.ndcg`."""
    flat = {}
    for name, figures in board.items():
        flat[f"{name}.quality"] = figures["quality"]["mean"]
        for task in TASKS:
            for metric in ("ndcg", "recall", "mrr", "novelty"):
                flat[f"{name}.{task}.{metric}"] = figures[task][metric]["mean"]
            flat[f"{name}.{task}.coverage"] = figures[task]["coverage"]
    return {name: value for name, value in flat.items() if value is not None}


def write(report: Mapping[str, Any], path: Path) -> None:
    """The report as JSON, written aside and renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.part")
    aside.write_text(json.dumps(report, indent=1))
    aside.rename(path)


def picture(board: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """The leaderboard as bars with intervals, one panel a task."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, len(TASKS), figsize=(10, 0.6 + 0.4 * len(board)), sharey=True)
    names = list(board)[::-1]
    for panel, task in zip(panels, TASKS, strict=True):
        held = [board[name][task]["ndcg"] for name in names]
        means = [spread["mean"] or 0.0 for spread in held]
        reach = [
            [m - (s["low"] or m) for m, s in zip(means, held, strict=True)],
            [(s["high"] or m) - m for m, s in zip(means, held, strict=True)],
        ]
        panel.barh(names, means, xerr=reach, color="#4c72b0", capsize=3)
        panel.set_title(f"{task}: NDCG@10, 95 % interval")
    figure.tight_layout()
    figure.savefig(path, dpi=100, metadata={"Software": None})
    pyplot.close(figure)


def _spread(values: np.ndarray) -> dict[str, float | None]:
    mean, low, high = (None if np.isnan(v) else round(v, 5) for v in interval(values, draws=DRAWS))
    return {"mean": mean, "low": low, "high": high}

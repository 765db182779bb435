"""What is said about a model: the leaderboard with intervals, as JSON and as a picture."""

import json
import re
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


def slices(board: Mapping[str, Measured], groups: Mapping[str, np.ndarray]) -> dict[str, dict[str, dict[str, Any]]]:
    """Quality of each recommender in each group of customers (bool masks), as mean and interval, with how many count."""
    said = {}
    for group, mask in groups.items():
        within = {name: np.where(mask, found.quality, np.nan) for name, found in board.items()}
        n = max((int((~np.isnan(quality)).sum()) for quality in within.values()), default=0)
        if n:
            said[group] = {name: {**_spread(quality), "n_customers": n} for name, quality in within.items()}
    return said


def slice_metrics(said: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, float]:
    """What is served, slice by slice, by names a registry takes: `slice.<group>.quality`."""
    flat = {}
    for group, by_name in said.items():
        for end, figure in (("", "mean"), (".low", "low"), (".high", "high")):
            flat[f"slice.{re.sub('[^a-z0-9]+', '_', group.lower())}.quality{end}"] = by_name["served"][figure]
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


def slices_picture(said: Mapping[str, Mapping[str, Mapping[str, Any]]], path: Path) -> None:
    """What is served and the popular list, slice by slice, as points with intervals."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panel = pyplot.subplots(figsize=(8, 1 + 0.35 * len(said)))
    groups = list(said)[::-1]
    for name, colour, shift in (("popularity", "#999999", -0.12), ("served", "#4c72b0", 0.12)):
        held = [said[group].get(name, {}) for group in groups]
        means = np.array([spread.get("mean") if spread.get("mean") is not None else np.nan for spread in held], float)
        ends = [np.array([spread.get(end) if spread.get(end) is not None else np.nan for spread in held], float)
                for end in ("low", "high")]  # fmt: skip
        panel.errorbar(means, np.arange(len(groups)) + shift, xerr=np.abs([means - ends[0], ends[1] - means]), fmt="o",
                       color=colour, capsize=3, label=name)  # fmt: skip
    panel.set_yticks(range(len(groups)), [f"{group} ({said[group]['served']['n_customers']})" for group in groups])
    panel.set_title("quality by slice, 95 % interval (customers)")
    panel.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=100, metadata={"Software": None})
    pyplot.close(figure)


def _spread(values: np.ndarray) -> dict[str, float | None]:
    mean, low, high = (None if np.isnan(v) else round(v, 5) for v in interval(values, draws=DRAWS))
    return {"mean": mean, "low": low, "high": high}

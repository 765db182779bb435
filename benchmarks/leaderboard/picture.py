"""The leaderboard as bars: a panel a column, ours in colour with 95 % intervals, others' grey."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.leaderboard.datasets import Dataset
from benchmarks.leaderboard.published import MEASURED, PublishedRow
from benchmarks.leaderboard.run import RowResult
from models.evaluation import bootstrap_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OURS, BLENDS, THEIRS, BEFORE = "#4c72b0", "#1b7837", "#c9c9c9", "#e4dcc8"


def draw_picture(
    data: Dataset, results: Sequence[RowResult], published: Sequence[PublishedRow], path: Path
) -> None:
    """Write the picture."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.patches import Patch

    n_rows = len(results) + len(published)
    figure, panels = pyplot.subplots(
        1,
        len(data.columns),
        figsize=(4.6 * len(data.columns), 1.4 + 0.24 * n_rows),
        layout="constrained",
        squeeze=False,
    )
    for place, ((task, metric), panel) in enumerate(zip(data.columns, panels[0], strict=True)):
        bars = []
        for result in results:
            mean, low, high = bootstrap_interval(result.found.figures[task][metric])
            bars.append(
                (mean, mean - low, high - mean, result.row.name, OURS if result.row.single else BLENDS)
            )
        bars += [
            (
                other.figures[place],
                0.0,
                0.0,
                other.name,
                BEFORE if other.source.startswith(MEASURED) else THEIRS,
            )
            for other in published
        ]
        draw_panel(panel, bars)
        panel.set_title(f"{task}: {metric}" if len(data.tasks) > 1 else metric, fontsize=10)
    kinds = (
        (OURS, "ours, one recommender"),
        (BLENDS, "ours, a blend"),
        (THEIRS, "published"),
        (BEFORE, "measured before"),
    )
    used = [Patch(color=colour, label=label) for colour, label in kinds]
    figure.legend(handles=used, loc="outside lower center", ncols=4, fontsize=9, frameon=False)
    figure.suptitle(data.name.replace("_", " "))
    figure.savefig(path, dpi=110, metadata={"Software": None})
    pyplot.close(figure)


def draw_panel(
    panel: "Axes", bars: Sequence[tuple[float, float, float, str, str]], digits: str = ".4f"
) -> None:
    """Bars from the best down, with intervals where there are any.

    Args:
        bars: mean, how far the interval reaches below and above it, name, colour; those without a mean are
            left out.
        digits: how a mean is written beside its bar.
    """
    ordered = sorted((bar for bar in bars if not np.isnan(bar[0])), key=lambda bar: bar[0])
    means, below, above, names, colours = zip(*ordered, strict=True) if ordered else ((),) * 5
    heights = range(len(ordered))
    panel.barh(heights, means, color=colours)
    ours = [n for n in heights if below[n] or above[n]]
    panel.errorbar(
        [means[n] for n in ours],
        ours,
        xerr=[[below[n] for n in ours], [above[n] for n in ours]],
        fmt="none",
        ecolor="#333",
        capsize=2,
        linewidth=1,
    )
    for n in heights:
        panel.text(means[n] + above[n], n, f" {means[n]:{digits}}", va="center", fontsize=7)
    panel.set_yticks(list(heights), [shorten_name(name) for name in names], fontsize=8)
    panel.set_ylim(-0.6, len(ordered) - 0.4)
    panel.margins(x=0.18)
    panel.spines[["top", "right"]].set_visible(False)


def shorten_name(name: str, most: int = 34) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"

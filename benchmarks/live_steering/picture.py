"""The comparison on the sample shop as a picture."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np

HEIGHT = 0.26  # of a bar, three to a group
COLOURS = ("#9aa5b1", "#2f6f9f", "#e3e7eb")


def draw_worth(groups: Sequence, lists: Sequence[str], path: Path) -> None:
    """Draw the night's list, the steered one with the interval of its gain, and the best there are, as bars.

    Args:
        groups: as `sample_shop.group_answers` makes them.
        lists: names of what they hold; the third, steered in spite of the gate, is left out.
    """
    matplotlib.use("Agg")
    from matplotlib import pyplot

    pyplot.rcParams["svg.fonttype"] = "none"
    pyplot.rcParams["svg.hashsalt"] = "live"
    figure, axes = pyplot.subplots(figsize=(7, 0.4 + 0.55 * len(groups)), layout="constrained")
    places = np.arange(len(groups))
    for row, (column, colour) in enumerate(zip((0, 1, 3), COLOURS, strict=True)):
        values = [group.worth[column] for group in groups]
        spread = None
        if column == 1:
            gains = np.array([group.gains[1] for group in groups])
            spread = np.abs(gains[:, 1:] - gains[:, :1]).T
        at = places + (row - 1) * HEIGHT
        axes.barh(at, values, HEIGHT, color=colour, xerr=spread, label=lists[column], ecolor="#123")
    axes.set_yticks(places, [f"{group.name} ({group.n_sessions})" for group in groups])
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    axes.set_title("Truly expected purchases of the ten items, per 1,000 moments", fontsize=10)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)

"""Answers as pictures, PNG. Same answer, same bytes."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from operate.insights.questions import Picture
from spark_jobs.identify.report.charts import render_png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#4c72b0", "#dd8452", "#55a868", "#c44e52", "#8172b3", "#937860", "#64b5cd", "#8c8c8c")
MOST_BARS, MOST_NAMES, MOST_LINES, MOST_TICKS = 60, 20, 8, 7
BIG = 1_000


def draw_answer(answer: pa.Table, picture: Picture) -> bytes:
    """The picture of an answer that has rows."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    draw: dict[str, Callable[[Axes, pa.Table, Picture], None]] = {
        "bars": draw_bars,
        "curve": draw_curve,
        "lines": draw_lines,
        "map": draw_map,
        "bubbles": draw_bubbles,
    }
    height = 1.6 + 0.24 * len(set(read(answer, picture.down))) if picture.kind == "map" else 3.2
    figure, axes = pyplot.subplots(figsize=(8.6, min(height, 7.0)), layout="constrained")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    axes.set_xlabel(format_name(picture.across), size=9)
    draw[picture.kind](axes, answer, picture)
    return render_png(figure)


def draw_bars(axes: "Axes", answer: pa.Table, picture: Picture) -> None:
    """Bars of one place beside each other, the newest where they are days; rows of one place and group are
    added up.
    """
    places = list(dict.fromkeys(read(answer, picture.across)))
    places = places[-MOST_BARS:] if isinstance(places[0], date) else places[:MOST_BARS]
    groups = read(answer, picture.by) if picture.by else [None] * answer.num_rows
    series = [(column, group) for column in picture.values for group in dict.fromkeys(groups)][: len(COLOURS)]
    width = 0.8 / len(series)
    for n, (column, group) in enumerate(series):
        sums = dict.fromkeys(places, 0.0)
        for place, of, value in zip(read(answer, picture.across), groups, read(answer, column), strict=True):
            if place in sums and of == group:
                sums[place] += float(value or 0)
        offsets = np.arange(len(places)) + (n - (len(series) - 1) / 2) * width
        label = format_name(column) + (f", {group}" if group else "")
        axes.bar(offsets, list(sums.values()), width, color=COLOURS[n], label=label)
    label_places(axes, places)
    if len(series) > 1:
        axes.legend(fontsize=8, frameon=False)
    else:  # where a legend would lie on the tallest bar
        axes.set_ylabel(label, size=9)
    axes.yaxis.set_major_formatter(format_short)


def draw_curve(axes: "Axes", answer: pa.Table, picture: Picture) -> None:
    """A line with a point a row that has a value, each with its value."""
    [column] = picture.values
    points = zip(read(answer, picture.across), read(answer, column), strict=True)
    points = [(float(x), float(y)) for x, y in points if y is not None]
    axes.plot(*zip(*points, strict=True) if points else ([], []), "o-", color=COLOURS[0], markersize=4)
    for x, y in points:
        axes.annotate(f"{y:g}", (x, y), (0, 5), textcoords="offset points", ha="center", size=7)
    axes.set_ylabel(format_name(column), size=9)
    axes.set_ylim(0, max((y for _, y in points), default=0) * 1.15 or 1)


def draw_lines(axes: "Axes", answer: pa.Table, picture: Picture) -> None:
    """A line for each of the groups that were largest when last counted, and how many were left out."""
    [column] = picture.values
    groups: dict[Any, list[tuple[Any, float]]] = {}
    for group, place, value in zip(
        read(answer, picture.by), read(answer, picture.across), read(answer, column), strict=True
    ):
        groups.setdefault(group, []).append((place, float(value)))
    lines = {group: sorted(points) for group, points in groups.items()}
    largest = sorted(lines, key=lambda group: (-lines[group][-1][1], str(group)))[:MOST_LINES]
    for n, group in enumerate(largest):
        axes.plot(*zip(*lines[group], strict=True), color=COLOURS[n], label=str(group))
    if len(largest) < len(lines):
        axes.set_title(f"the largest {len(largest)} of {len(lines)}", size=9)
    places = sorted({place for group in largest for place, _ in lines[group]}, reverse=True)
    ticks = places[:: -(-len(places) // MOST_TICKS)]
    axes.set_xticks(ticks, [str(place) for place in ticks])
    axes.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    axes.set_ylabel(format_name(column), size=9)
    axes.yaxis.set_major_formatter(format_short)


def draw_map(axes: "Axes", answer: pa.Table, picture: Picture) -> None:
    """A coloured field a row, its value written into it."""
    [column] = picture.values
    across, down = (sorted(set(read(answer, name)), key=str) for name in (picture.across, picture.down))
    if all(isinstance(place, int) for place in across):
        across = sorted(across)
    fields = np.full((len(down), len(across)), np.nan)
    for x, y, value in zip(
        read(answer, picture.across), read(answer, picture.down), read(answer, column), strict=True
    ):
        fields[down.index(y), across.index(x)] = float(value)
    # The whole of a cohort is 100 percent and would leave the rest one colour.
    shades = np.where(fields == 100, np.nan, fields) if column.endswith("_percent") else fields
    axes.imshow(shades, cmap="Blues", aspect="auto")
    half = np.nanmin(shades) + (np.nanmax(shades) - np.nanmin(shades)) / 2 if not_empty(shades) else 0
    for (y, x), value in np.ndenumerate(fields):
        if not np.isnan(value):
            colour = "white" if not np.isnan(shades[y, x]) and value > half else "#333333"
            axes.text(x, y, format_short(value), ha="center", va="center", size=6, color=colour)
    label_places(axes, across)
    axes.set_yticks(range(len(down)), [format_place(place) for place in down])
    axes.set_ylabel(format_name(picture.down), size=9)
    axes.set_title(format_name(column), size=9)


def draw_bubbles(axes: "Axes", answer: pa.Table, picture: Picture) -> None:
    """A circle a row, its area its size."""
    [column] = picture.values
    across, down, sizes = (
        np.array([float(value or 0) for value in read(answer, name)])
        for name in (picture.across, picture.down, column)
    )
    axes.scatter(across, down, 1_500 * sizes / max(sizes.max(), 1), color=COLOURS[0], alpha=0.45)
    for x, y, name in zip(across, down, read(answer, picture.by), strict=True):
        axes.annotate(str(name or "none"), (x, y), ha="center", va="center", size=8)
    axes.set_ylabel(format_name(picture.down), size=9)
    axes.set_yscale("symlog", linthresh=100)
    axes.margins(0.12)
    axes.yaxis.set_major_formatter(format_short)


def read(answer: pa.Table, column: str | None) -> list[Any]:
    """A column's values."""
    return answer[column].to_pylist()


def not_empty(values: np.ndarray) -> bool:
    """Whether there is a value at all."""
    return bool((~np.isnan(values)).any())


def label_places(axes: "Axes", places: list[Any]) -> None:
    """Names below the axis, slanted where they are long; of too many every second, third … one."""
    every = -(-len(places) // MOST_NAMES)
    names = [format_place(place) for place in places[::every]]
    is_long = sum(map(len, names)) > 90
    axes.set_xticks(
        range(0, len(places), every),
        names,
        rotation=40 if is_long else 0,
        ha="right" if is_long else "center",
    )


def format_name(column: str) -> str:
    """A column's name in words: `n_customers` counts customers."""
    return column.removeprefix("n_").replace("_", " ")


def format_place(place: Any) -> str:
    """A day of a month as its month, anything else as it is."""
    return place.strftime("%Y-%m") if isinstance(place, date) else str(place)


def format_short(value: float | Decimal, _: Any = None) -> str:
    """A number as short as it can be read: 12,300 is 12.3k."""
    for size, mark in ((BIG**2, "M"), (BIG, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{mark}"
    return f"{value:.3g}"

"""Curves over days or versions, and the small curve of a table's cell."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pages.charts.scale import choose_labels, choose_ticks, format_tick, place
from pages.charts.svg import (
    WIDTH,
    draw_box,
    draw_dot,
    draw_path,
    draw_segment,
    render_chart,
    write_text,
)
from pages.formats import format_value

N_COLOURS = 6
LEGEND_COLUMNS, LEGEND_ROW = 3, 18
MOST_DOTS = 40  # a point more is a line anyway


@dataclass(frozen=True)
class Series:
    """A curve: one value for each label of its chart, None where there is none."""

    name: str
    values: Sequence[float | None]


def draw_lines(
    title: str,
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    format_label: Callable[[float], str] = format_value,
    starts_at_zero: bool = True,
    height: int = 190,
) -> str:
    """Curves over common labels, each ending in its name; without any value a sentence that says so.

    Args:
        title: what is shown; the chart's description is made of it and the newest values.
        format_label: how a value is read.
        starts_at_zero: whether the axis begins there, so that heights compare.
    """
    values = [value for each in series for value in each.values if value is not None]
    if not values:
        return render_chart(f"{title}: no values yet", WIDTH, 40, [write_text(0, 24, "No values yet")])
    low = min(0.0, *values) if starts_at_zero else min(values)
    ticks = choose_ticks(low, max(values))
    step = ticks[1] - ticks[0]
    height += measure_legend(len(series))
    top, bottom, left, right = 12 + measure_legend(len(series)), height - 22, 44, WIDTH - 8
    domain = (ticks[0], ticks[-1])
    spots = [place(number, (0, max(len(labels) - 1, 1)), (left, right)) for number in range(len(labels))]
    parts = []
    for tick in ticks:
        y = place(tick, domain, (bottom, top))
        parts += [
            draw_segment((left, y), (right, y), "grid"),
            write_text(left - 6, y + 4, format_tick(tick, step), "end"),
        ]
    for number in choose_labels(labels, right - left):
        anchor = "end" if number == len(labels) - 1 and len(labels) > 1 else "middle" if number else ""
        parts.append(write_text(spots[number], height - 6, labels[number], anchor))
    for number, each in enumerate(series):
        colour = number % N_COLOURS + 1
        for run in find_runs(each.values):
            points = [(spots[n], place(each.values[n], domain, (bottom, top))) for n in run]
            parts.append(draw_path(points, f"line series-{colour} dash-{min(number + 1, 4)}"))
            if len(labels) <= MOST_DOTS:
                parts += [
                    draw_dot(
                        x, y, f"fill-{colour}", f"{each.name}, {labels[n]}: {format_label(each.values[n])}"
                    )
                    for n, (x, y) in zip(run, points, strict=True)
                ]
    parts += draw_legend([each.name for each in series])
    return render_chart(describe_lines(title, labels, series, format_label), WIDTH, height, parts)


def measure_legend(n_series: int) -> int:
    """The height of the names above a drawing; one series needs none."""
    return LEGEND_ROW * -(-n_series // LEGEND_COLUMNS) if n_series > 1 else 0


def draw_legend(names: Sequence[str], *, is_filled: bool = False) -> list[str]:
    """The names of series above the drawing, each behind a stroke of its curve or a box of its bars."""
    if len(names) < 2:
        return []
    parts, width = [], WIDTH / min(len(names), LEGEND_COLUMNS)
    for number, name in enumerate(names):
        row, column = divmod(number, LEGEND_COLUMNS)
        x, y, colour = round(8 + column * width, 1), row * LEGEND_ROW, number % N_COLOURS + 1
        longest = int((width - 32) / 6.6)
        shown = name if len(name) <= longest else f"{name[: longest - 1]}…"
        if is_filled:
            parts.append(draw_box((x, y + 4), (12, 10), f"bar fill-{colour}"))
        else:
            stroke = [(x, y + 10), (x + 18, y + 10)]
            parts.append(draw_path(stroke, f"line series-{colour} dash-{min(number + 1, 4)}"))
        parts.append(write_text(x + 24, y + 14, shown))
    return parts


def find_runs(values: Sequence[float | None]) -> list[list[int]]:
    """The places of values without a gap between them, a list for each stretch."""
    runs: list[list[int]] = []
    for number, value in enumerate(values):
        if value is None:
            continue
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def describe_lines(
    title: str, labels: Sequence[str], series: Sequence[Series], format_label: Callable[[float], str]
) -> str:
    """The title, and for each curve its first and its newest value."""
    sentences = []
    for each in series:
        at = [number for number, value in enumerate(each.values) if value is not None]
        if at:
            first, last = at[0], at[-1]
            sentences.append(
                f"{each.name}: {format_label(each.values[first])} on {labels[first]},"
                f" {format_label(each.values[last])} on {labels[last]}"
            )
    return f"{title}. {'; '.join(sentences)}"


def draw_sparkline(title: str, values: Sequence[float]) -> str:
    """A curve the size of a word, with an end that shows where it is now."""
    width, height = 120, 28
    if len(values) < 2:
        return ""
    domain = (min(0.0, *values), max(*values, 1e-9))
    points = [
        (place(number, (0, len(values) - 1), (2, width - 5)), place(value, domain, (height - 4, 4)))
        for number, value in enumerate(values)
    ]
    label = f"{title}: from {format_value(values[0])} to {format_value(values[-1])}"
    parts = [
        draw_path(points, "area fill-1", closed_at=height - 2),
        draw_path(points, "line series-1"),
        draw_dot(*points[-1], "fill-1", label),
    ]
    return render_chart(label, width, height, parts, "sparkline")

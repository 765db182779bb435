"""Curves over days or versions, and the small curve of a table's cell."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pages.charts.scale import choose_labels, choose_ticks, format_tick, place
from pages.charts.svg import (
    WIDTH,
    draw_dot,
    draw_path,
    draw_segment,
    render_chart,
    write_text,
)
from pages.formats import format_value

N_COLOURS = 6
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
    top, bottom, left, right = 18 + 14 * (len(series) > 1), height - 22, 44, WIDTH - 8
    domain = (ticks[0], ticks[-1])
    spots = [place(number, (0, max(len(labels) - 1, 1)), (left, right)) for number in range(len(labels))]
    parts = []
    for tick in ticks:
        y = place(tick, domain, (bottom, top))
        parts += [
            draw_segment((left, y), (right, y), "grid"),
            write_text(left - 6, y + 4, format_tick(tick, step), "end"),
        ]
    for number in choose_labels(labels, 4):
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
        if len(series) > 1:
            parts += draw_legend_entry(number, colour, each.name, len(series))
    return render_chart(describe_lines(title, labels, series, format_label), WIDTH, height, parts)


def draw_legend_entry(number: int, colour: int, name: str, n_series: int) -> list[str]:
    """The name of a curve above the drawing, behind a stroke of it."""
    x = round(8 + number * (WIDTH - 8) / n_series, 1)
    shown = (
        name if len(name) <= (longest := int((WIDTH / n_series - 34) / 5.6)) else f"{name[: longest - 1]}…"
    )
    stroke = draw_path([(x, 10), (x + 18, 10)], f"line series-{colour} dash-{min(number + 1, 4)}")
    return [stroke, write_text(x + 24, 14, shown)]


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

"""Bars: one a row with its name, or stacked over days."""

from collections.abc import Callable, Sequence

from pages.charts.lines import N_COLOURS, Series, draw_legend, measure_legend
from pages.charts.scale import choose_labels, choose_ticks, format_tick, place
from pages.charts.svg import WIDTH, draw_box, draw_segment, render_chart, write_text
from pages.formats import format_value

ROW = 22  # units of height of a bar with its gap
LONGEST_NAME = 17  # of the widest of the usual fonts, 7.6 units a letter


def draw_bars(
    title: str,
    rows: Sequence[tuple[str, float]],
    *,
    format_label: Callable[[float], str] = format_value,
) -> str:
    """A horizontal bar for each row, its name before and its value behind it."""
    if not rows:
        return render_chart(f"{title}: nothing yet", WIDTH, 40, [write_text(0, 24, "Nothing yet")])
    texts = [format_label(value) for _, value in rows]
    left, room = 144, 7.2 * max(map(len, texts)) + 10
    high = max(*(value for _, value in rows), 1e-12)
    parts = []
    for number, ((name, value), text) in enumerate(zip(rows, texts, strict=True)):
        y = number * ROW + 4
        end = place(max(value, 0), (0, high), (left, WIDTH - room))
        parts += [
            write_text(left - 8, y + 13, shorten(name), "end"),
            draw_box((left, y), (end - left, ROW - 6), "bar fill-1", f"{name}: {text}"),
            write_text(end + 5, y + 13, text, "value"),
        ]
    words = "; ".join(f"{name}: {text}" for (name, _), text in zip(rows, texts, strict=True))
    return render_chart(f"{title}. {words}", WIDTH, len(rows) * ROW + 6, parts)


def draw_stacked_bars(
    title: str,
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    format_label: Callable[[float], str] = format_value,
    height: int = 190,
) -> str:
    """A bar for each label, made of the values of the series one on the other; none of them below zero."""
    sums = [sum(each.values[n] or 0 for each in series) for n in range(len(labels))]
    if not any(sums):
        return render_chart(f"{title}: nothing yet", WIDTH, 40, [write_text(0, 24, "Nothing yet")])
    ticks = choose_ticks(0, max(sums))
    height += measure_legend(len(series))
    top, bottom, left, right = 12 + measure_legend(len(series)), height - 22, 44, WIDTH - 8
    domain = (0.0, ticks[-1])
    parts = []
    for tick in ticks:
        y = place(tick, domain, (bottom, top))
        parts += [
            draw_segment((left, y), (right, y), "grid"),
            write_text(left - 6, y + 4, format_tick(tick, ticks[1]), "end"),
        ]
    slot = (right - left) / len(labels)
    for number, label in enumerate(labels):
        below, x = 0.0, left + number * slot
        for colour, each in enumerate(series):
            value = each.values[number] or 0
            y = place(below + value, domain, (bottom, top))
            size = (round(slot * 0.72, 1), place(below, domain, (bottom, top)) - y)
            if value:
                about = f"{each.name}, {label}: {format_label(value)}"
                corner = (round(x + slot * 0.14, 1), y)
                parts.append(draw_box(corner, size, f"bar fill-{colour % N_COLOURS + 1}", about))
            below += value
    for number in choose_labels(labels, right - left):
        is_last = number == len(labels) - 1 and len(labels) > 1
        x = right if is_last else round(left + (number + 0.5) * slot, 1)
        parts.append(write_text(x, height - 6, labels[number], "end" if is_last else "middle"))
    parts += draw_legend([each.name for each in series], is_filled=True)
    words = "; ".join(f"{each.name}: {format_label(sum(v or 0 for v in each.values))}" for each in series)
    return render_chart(f"{title}. In all {words}", WIDTH, height, parts)


def shorten(name: str, longest: int = LONGEST_NAME) -> str:
    """A name that fits before its bar."""
    return name if len(name) <= longest else f"{name[: longest - 1]}…"

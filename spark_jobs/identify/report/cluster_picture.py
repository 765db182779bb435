"""A customer's graph as a picture: nodes by kind, links by rule, and what makes a link unsure or holds it
written on it.

One unit of the canvas is a point (1/72 inch), so that what would overlap is known before it is drawn.
"""

from itertools import groupby

import numpy as np

from spark_jobs.identify.report.charts import render_png
from spark_jobs.identify.report.graph_layout import compute_node_positions, compute_path_lengths
from spark_jobs.identify.report.label_layout import LabelPlacer
from spark_jobs.identify.report.subgraph import DrawnGraph, DrawnLink
from spark_jobs.identify.review.wording import format_probability

# Colours of Okabe and Ito (2008), which colour-blind readers can tell apart; the shapes say the same once
# more.
KINDS = {
    "user_id": ("#0072b2", "o", "user id"),
    "crm_id": ("#009e73", "s", "CRM id"),
    "email": ("#d55e00", "D", "e-mail"),
    "phone": ("#cc79a7", "^", "phone"),
    "anonymous_id": ("#8c8c8c", "h", "browser"),
}
RULES = {
    "same_event": ("#3fa7e0", "one event"),
    "same_order": ("#5fb85f", "one order"),
    "same_person_record": ("#777777", "one person's record"),
    "alike": ("#e69f00", "records alike"),
    "decision": ("#7b3294", "someone's decision"),
}
OTHER, ASKED = "#222222", "#d7191c"
RADIUS, MARGIN, LEGEND, UNIT = 10.0, 46.0, 148.0, 74.0
WIDEST, HIGHEST, LOWEST = 560.0, 430.0, 220.0
LINK_SIZE, NAME_SIZE, LEGEND_SIZE = 7.0, 6.5, 7.5
WHITE = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.9}


def draw_cluster(graph: DrawnGraph) -> bytes:
    """The graph as PNG. Same graph, same bytes."""
    xy, width, height = place_nodes(graph)
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=((width + LEGEND) / 72, height / 72))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width + LEGEND), ylim=(0, height))
    axes.axis("off")
    board = LabelPlacer(
        [(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS) for x, y in xy],
        [(xy[e.a], xy[e.b]) for e in graph.lines],
    )
    draw_links(axes, board, graph, xy)
    draw_nodes(axes, board, graph, xy)
    draw_legend(axes, graph, width, height)
    return render_png(figure)


def place_nodes(graph: DrawnGraph) -> tuple[list[tuple[float, float]], float, float]:
    """Where each node stands, and the width and height of what they stand on.

    The link in question is drawn longer, so that the two groups it joins are seen to be two; so is one that
    holds nothing.
    """
    ends = np.array([(e.a, e.b) for e in graph.lines], dtype=int).reshape(-1, 2)
    length = np.array([2.4 if e.is_asked else 1.8 if e.held_by else 1.0 for e in graph.lines])
    nearest = {}  # two rules on one pair: the shorter, since a sparse matrix would add them up
    for (a, b), far in zip(ends.tolist(), length.tolist(), strict=True):
        nearest[a, b] = min(far, nearest.get((a, b), far))
    a, b = np.array(list(nearest), dtype=int).reshape(-1, 2).T
    where = compute_node_positions(
        compute_path_lengths(a, b, np.array(list(nearest.values())), len(graph.nodes))
    )
    extent = np.ptp(where, axis=0)
    unit = min(
        UNIT, (WIDEST - 2 * MARGIN) / max(extent[0], 1e-9), (HIGHEST - 2 * MARGIN) / max(extent[1], 1e-9)
    )
    size = np.maximum(extent * unit + 2 * MARGIN, (200.0, LOWEST))
    where = where * unit - (where.max(axis=0) + where.min(axis=0)) * unit / 2 + size / 2
    return [(float(x), float(y)) for x, y in where], float(size[0]), float(size[1])


def draw_links(axes, board: LabelPlacer, graph: DrawnGraph, xy: list[tuple[float, float]]) -> None:
    """The links, side by side where rules share a pair, and the words on them: the question's first, then
    what is held.
    """
    by_pair = sorted(graph.lines, key=lambda e: (e.a, e.b, e.rule))
    for (a, b), group in groupby(by_pair, key=lambda e: (e.a, e.b)):
        beside = list(group)
        (x0, y0), (x1, y1) = xy[a], xy[b]
        long = max(np.hypot(x1 - x0, y1 - y0), 1e-9)
        for i, line in enumerate(beside):
            shift = 3.0 * (i - (len(beside) - 1) / 2)
            dx, dy = -(y1 - y0) / long * shift, (x1 - x0) / long * shift
            if line.is_asked:
                axes.plot([x0, x1], [y0, y1], color=ASKED, lw=8, alpha=0.22, zorder=1, solid_capstyle="butt")
            axes.plot(
                [x0 + dx, x1 + dx],
                [y0 + dy, y1 + dy],
                color=RULES.get(line.rule, (OTHER,))[0],
                zorder=2,
                lw=1.2 if line.held_by else 1.8,
                ls=(0, (4, 3)) if line.held_by else "-",
            )
    for line in sorted(by_pair, key=lambda e: (not e.is_asked, not e.held_by)):
        if words := label_link(line):
            x, y = board.along(xy[line.a], xy[line.b], words, LINK_SIZE)
            colour = ASKED if line.is_asked else "#333333"
            axes.text(
                x, y, words, fontsize=LINK_SIZE, ha="center", va="center", color=colour, bbox=WHITE, zorder=5
            )


def label_link(line: DrawnLink) -> str:
    """What is written on a link: nothing on one that is followed, sure and not asked about; its colour says
    the rule.
    """
    if line.held_by:
        return line.held_by if line.weight == 1 else f"{format_probability(line.weight)} {line.held_by}"
    if line.weight < 1:
        return format_probability(line.weight)
    return RULES.get(line.rule, (OTHER, line.rule))[1] if line.is_asked else ""


def draw_nodes(axes, board: LabelPlacer, graph: DrawnGraph, xy: list[tuple[float, float]]) -> None:
    for (x, y), node in zip(xy, graph.nodes, strict=True):
        colour, marker, _ = KINDS.get(node.kind, (OTHER, "o", node.kind))
        area = (2 * RADIUS) ** 2 * (0.62 if marker == "D" else 1.6 if node.n > 1 else 0.85)
        axes.scatter([x], [y], s=area, c=colour, marker=marker, edgecolors="white", linewidths=1.2, zorder=3)
        if node.n > 1:
            axes.text(
                x,
                y,
                f"{node.n}×",
                fontsize=7,
                ha="center",
                va="center",
                color="white",
                weight="bold",
                zorder=4,
            )
    for (x, y), node in zip(xy, graph.nodes, strict=True):
        if node.n == 1:
            x, y = board.beside(x, y, RADIUS, node.name, NAME_SIZE)
            axes.text(
                x,
                y,
                node.name,
                fontsize=NAME_SIZE,
                ha="center",
                va="center",
                color="#444444",
                bbox=WHITE,
                zorder=4,
            )


def draw_legend(axes, graph: DrawnGraph, width: float, height: float) -> None:
    """What the shapes and colours of this picture mean, right of it."""
    y, left = height - 20, width + 8
    for kind in [kind for kind in KINDS if kind in {node.kind for node in graph.nodes}]:
        colour, marker, words = KINDS[kind]
        axes.scatter(
            [left + 8], [y], s=70 if marker != "D" else 50, c=colour, marker=marker, edgecolors="none"
        )
        axes.text(left + 24, y, words, fontsize=LEGEND_SIZE, va="center")
        y -= 15
    y -= 6
    for rule in [rule for rule in RULES if rule in {line.rule for line in graph.lines}]:
        axes.plot([left, left + 17], [y, y], color=RULES[rule][0], lw=2)
        axes.text(left + 24, y, RULES[rule][1], fontsize=LEGEND_SIZE, va="center")
        y -= 15
    if any(line.held_by for line in graph.lines):
        axes.plot([left, left + 17], [y, y], color="#333333", lw=1.2, ls=(0, (4, 3)))
        axes.text(left + 24, y, "held: not followed", fontsize=LEGEND_SIZE, va="center")
        y -= 15
    if any(line.is_asked for line in graph.lines):
        axes.plot([left, left + 17], [y, y], color=ASKED, lw=8, alpha=0.22, solid_capstyle="butt")
        axes.text(left + 24, y, "in question", fontsize=LEGEND_SIZE, va="center")
        y -= 15
    if graph.n_left_out:
        axes.text(
            left,
            y - 8,
            f"and {graph.n_left_out:,} identifiers\nfarther away",
            fontsize=LEGEND_SIZE,
            va="top",
            color="#666666",
        )

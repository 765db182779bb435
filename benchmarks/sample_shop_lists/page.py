"""The comparison as a picture and a page that needs nothing beside it."""

from base64 import b64encode
from html import escape
from pathlib import Path

from benchmarks.leaderboard.page import STYLE, render_table, render_table_row
from benchmarks.leaderboard.picture import BLENDS, OURS, THEIRS, draw_panel
from benchmarks.sample_shop_lists.report import (
    PER,
    UNIT,
    ListComparison,
    compute_share_of_best,
    format_cell,
    format_first_night,
    format_new_items,
    format_verdict,
    is_model_part,
)
from benchmarks.sample_shop_lists.worth import AUDIENCE, SERVED, ComparisonBoard
from expectations.contracts.files import write_text_atomically
from pages.reports import render_report

TITLE = "The sample shop's lists by its own truth"


def write_page(folder: Path, name: str, comparison: ListComparison) -> Path:
    """Write `<name>.png` and `<name>.html`, the page by one rename."""
    folder.mkdir(parents=True, exist_ok=True)
    image = folder / f"{name}.png"
    draw_panels(comparison, image)
    path = folder / f"{name}.html"
    write_text_atomically(path, render_page(comparison, image))
    return path


def draw_panels(comparison: ListComparison, path: Path) -> None:
    """A panel a group of customers, one for items in their first week: every list's worth with
    its interval.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    shown = [
        (comparison.everything, group, name)
        for group, name in enumerate(comparison.everything.groups)
        if comparison.everything.n[group]
    ]
    shown = [each for each in shown if each[2] != AUDIENCE]
    if comparison.new_there[0]:
        shown.append((comparison.new, 0, "items in their first week"))
    across = -(-len(shown) // 2)
    figure, panels = pyplot.subplots(
        2,
        across,
        figsize=(4.4 * across, 2 * (0.8 + 0.2 * len(comparison.everything.lists))),
        layout="constrained",
        squeeze=False,
    )
    for panel in panels.ravel()[len(shown) :]:
        panel.set_visible(False)
    for panel, (board, group, name) in zip(panels.ravel(), shown, strict=False):
        draw_panel(panel, list_bars(board, group), ".1f")
        panel.set_title(f"{name} ({board.n[group]:,})", fontsize=10)
    figure.suptitle(f"Truly expected purchases of the ten items listed, per {PER:,} customers")
    figure.savefig(path, dpi=110, metadata={"Software": None})
    pyplot.close(figure)


def list_bars(board: ComparisonBoard, group: int) -> list[tuple[float, float, float, str, str]]:
    """Mean, below, above, name and colour of every list."""
    drawn_bars = []
    for row, name in enumerate(board.lists):
        mean, low, high = board.mean[row, group] * PER
        colour = BLENDS if name == SERVED else OURS if is_model_part(board, row) else THEIRS
        # all alike: rounding has a sign
        drawn_bars.append((mean, max(mean - low, 0.0), max(high - mean, 0.0), name, colour))
    return drawn_bars


def render_page(comparison: ListComparison, image: Path) -> str:
    """The page as HTML."""
    picture = b64encode(image.read_bytes()).decode()
    board, new = comparison.everything, comparison.new
    names = [f"{escape(name)}<br><small>{n:,}</small>" for name, n in zip(board.groups, board.n, strict=True)]
    rows = [
        render_table_row(
            [escape(name), *(escape(format_cell(board, row, group)) for group in range(len(names)))],
            len(names),
        )
        for row, name in enumerate(board.lists)
    ]
    parts = [
        f"<h1>{escape(TITLE)}</h1>",
        f"<p>{escape(comparison.about)}</p>",
        f'<img alt="bars of every list, by group of customers" src="data:image/png;base64,{picture}">',
        "<h2>By customer</h2>",
        f"<p>{escape(UNIT)}</p>",
        render_table(["", *names], rows, len(names)),
        "<h2>Items in their first week</h2>",
        f"<p>{escape(format_new_items(comparison))}</p>",
    ]
    if comparison.new_there[0]:
        rows = [
            render_table_row([escape(name), escape(format_cell(new, row, 0)), share, f"{places:.2f}"], 3)
            for row, (name, share, places) in enumerate(
                zip(new.lists, compute_share_of_best(new), comparison.places, strict=True)
            )
        ]
        parts.append(
            render_table(["", "purchases of them", "share of the best ten’s", "places of the ten"], rows, 3)
        )
    parts += [f"<p>{escape(format_first_night(one))}</p>" for one in comparison.nights]
    parts += [f"<p>{escape(sentence)}</p>" for sentence in format_verdict(comparison)]
    return render_report(TITLE, parts, STYLE)

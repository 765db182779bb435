"""How much groups overlap, as a square of cells: the darker, the larger the share."""

from collections.abc import Sequence

from pages.charts.bars import shorten
from pages.charts.svg import WIDTH, draw_box, render_chart, write_text
from pages.formats import format_share

LEFT = 150  # room for a number and 18 letters
SHADES = 5


def draw_overlaps(title: str, names: Sequence[str], shares: Sequence[Sequence[float]]) -> str:
    """A cell for each pair: of the members of the row's group the share who are also in the column's.

    Args:
        shares: a row for each name, a share for each name.
    """
    if not names:
        return render_chart(f"{title}: nothing yet", WIDTH, 40, [write_text(0, 24, "Nothing yet")])
    side = min(40.0, round((WIDTH - LEFT) / len(names), 1))
    parts = []
    for row, name in enumerate(names):
        y = round(22 + row * side, 1)
        parts.append(write_text(LEFT - 8, y + side / 2 + 4, shorten(f"{row + 1}. {name}", 21), "end"))
        parts.append(write_text(LEFT + row * side + side / 2, 14, str(row + 1), "middle"))
        for column, other in enumerate(names):
            share = shares[row][column]
            about = f"of {name} {format_share(share)} are in {other}"
            corner = (round(LEFT + column * side, 1), y)
            parts.append(draw_box(corner, (side, side), choose_shade(share), about))
    return render_chart(
        f"{title}. {describe_largest(names, shares)}", WIDTH, round(26 + side * len(names), 1), parts
    )


def choose_shade(share: float) -> str:
    """The class of a cell: empty, or one of five shades of which each is a fifth."""
    if share <= 0:
        return "cell-empty"
    return f"cell shade-{min(SHADES, int(share * SHADES) + 1)}"


def describe_largest(names: Sequence[str], shares: Sequence[Sequence[float]], most: int = 3) -> str:
    """The pairs that overlap most, in words."""
    pairs = [
        (shares[row][column], row, column)
        for row in range(len(names))
        for column in range(len(names))
        if row != column and shares[row][column] > 0
    ]
    largest = sorted(pairs, key=lambda pair: (-pair[0], pair[1:]))[:most]
    sentences = [f"of {names[a]} {format_share(share)} are in {names[b]}" for share, a, b in largest]
    return "; ".join(sentences) or "No two overlap"

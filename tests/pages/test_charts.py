"""Charts: well-formed SVG that holds no markup of the data, marks where the values lie, and words for those
who do not see them.
"""

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.charts.bars import draw_bars, draw_stacked_bars
from pages.charts.lines import Series, draw_lines, draw_sparkline, find_runs
from pages.charts.overlaps import draw_overlaps
from pages.charts.scale import choose_labels, choose_ticks, format_tick, place

HOSTILE = '"><script>alert(1)</script>'
SVG = "{http://www.w3.org/2000/svg}"
DRAWINGS = {
    "lines": lambda name: draw_lines(name, [name, "b"], [Series(name, [1, 2]), Series("two", [2, None])]),
    "bars": lambda name: draw_bars(name, [(name, 3), ("b", 1)]),
    "stacked": lambda name: draw_stacked_bars(name, [name, "b"], [Series(name, [1, 2]), Series("c", [0, 2])]),
    "sparkline": lambda name: draw_sparkline(name, [1, 5, 2]),
    "overlaps": lambda name: draw_overlaps(name, [name, "b"], [[1.0, 0.5], [0.0, 1.0]]),
    "no lines": lambda name: draw_lines(name, [], []),
    "no bars": lambda name: draw_bars(name, []),
}


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_text_of_the_data_is_text(draw):
    root = ElementTree.fromstring(draw(HOSTILE))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg",
        "line",
        "text",
        "path",
        "circle",
        "rect",
        "title",
    }
    assert root.get("role") == "img" and root.get("aria-label").startswith(HOSTILE)


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_no_drawing_holds_a_style_or_a_colour(draw):
    """The console's policy allows no inline styles, and dark needs other colours."""
    assert not re.search(r'style=|fill="|stroke="', draw("Customers"))


def test_a_curve_lies_where_its_values_are():
    root = ElementTree.fromstring(draw_lines("Size", ["Mon", "Tue", "Wed"], [Series("vip", [0, 50, 100])]))
    dots = [(float(dot.get("cx")), float(dot.get("cy"))) for dot in root.iter(f"{SVG}circle")]
    (x0, y0), (x1, y1), (x2, y2) = dots
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.11)
    assert y0 - y1 == pytest.approx(y1 - y2, abs=0.11) and y0 > y2
    assert root.get("aria-label") == "Size. vip: 0 on Mon, 100 on Wed"
    assert [title.text for title in root.iter(f"{SVG}title")] == [
        "vip, Mon: 0",
        "vip, Tue: 50",
        "vip, Wed: 100",
    ]


def test_a_gap_in_the_values_is_a_gap_in_the_curve():
    assert find_runs([1, None, 2, 3, None]) == [[0], [2, 3]]
    assert (
        draw_lines("Size", list("abcd"), [Series("vip", [1, None, 2, 3])]).count('class="line series-1') == 2
    )


def test_stacked_bars_stand_on_each_other():
    root = ElementTree.fromstring(draw_stacked_bars("n", ["Mon"], [Series("a", [30]), Series("b", [10])]))
    low, high = (bar for bar in root.iter(f"{SVG}rect") if bar.find(f"{SVG}title") is not None)
    assert float(high.get("y")) + float(high.get("height")) == pytest.approx(float(low.get("y")), abs=0.11)
    assert float(low.get("height")) == pytest.approx(3 * float(high.get("height")), abs=0.3)
    assert root.get("aria-label") == "n. In all a: 30; b: 10"


def test_the_longest_bar_takes_the_room_and_none_is_below_zero():
    root = ElementTree.fromstring(draw_bars("n", [("a", 8), ("b", 4), ("c", 0)]))
    widths = [float(bar.get("width")) for bar in root.iter(f"{SVG}rect")]
    assert widths[1] == pytest.approx(widths[0] / 2, abs=0.11) and widths[2] == 0


def test_an_overlap_says_which_pairs_are_largest():
    drawn = draw_overlaps("Overlap", ["vip", "lapsed"], [[1.0, 0.25], [0.5, 1.0]])
    assert 'aria-label="Overlap. of lapsed 50.0 % are in vip; of vip 25.0 % are in lapsed"' in drawn
    assert drawn.count("shade-5") == 2 and drawn.count("shade-2") == 1 and drawn.count("shade-3") == 1


@given(
    low=st.floats(-1e6, 1e6, allow_nan=False),
    width=st.floats(1e-3, 1e6, allow_nan=False),
    n=st.integers(2, 8),
)
def test_ticks_enclose_and_are_evenly_apart(low, width, n):
    ticks = choose_ticks(low, low + width, n)
    gaps = [later - earlier for earlier, later in pairwise(ticks)]
    assert ticks[0] <= low + 1e-6 * max(1, abs(low)) and ticks[-1] >= low + width - 1e-6 * max(1, abs(low))
    assert max(gaps) == pytest.approx(min(gaps), rel=1e-3, abs=1e-9)
    assert 2 <= len(ticks) <= n + 3


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [
        (0, 50, "0"),
        (1500, 500, "1,500"),
        (0.25, 0.25, "0.25"),
        (0.5, 0.1, "0.5"),
        (20_000, 10_000, "20k"),
        (3e6, 1e6, "3M"),
        (2.5, 2.5, "2.5"),
    ],
)
def test_a_tick_is_short(value, step, text):
    assert format_tick(value, step) == text


def test_labels_are_first_last_and_evenly_between():
    assert choose_labels(list("abcdefg"), 400) == [0, 2, 4, 6]
    assert choose_labels(list("ab"), 400) == [0, 1]
    assert choose_labels(["2026-02-21"] * 7, 180) == [0, 6] and choose_labels(["2026-02-21"] * 7, 90) == [6]
    assert place(5, (0, 10), (100, 0)) == 50

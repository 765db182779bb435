"""What is printed and written says what was found, and where the served list loses."""

from datetime import date

import numpy as np
import pytest

from benchmarks.sample_shop_lists import page, worth
from benchmarks.sample_shop_lists.home import ItemFirstNight
from benchmarks.sample_shop_lists.report import ListComparison, format_cell, format_report, format_verdict
from benchmarks.sample_shop_lists.worth import AUDIENCE, BEST, COLD, LISTED, POPULAR, SERVED, WARM


def told(part_for_cold: float) -> ListComparison:
    """30 warm customers and 30 cold ones, all alike in their group, and 2 without a list of their own."""
    warm, listed = np.arange(62) < 30, np.arange(62) < 60
    own = np.where(warm, 0.2, 0.1)
    # who has no list is shown the same either way
    part = np.where(warm, 0.15, np.where(listed, part_for_cold, own))
    values = {SERVED: own, "lightfm": part, POPULAR: np.full(62, 0.05), BEST: np.full(62, 0.4)}
    whom = {LISTED: listed, WARM: warm, COLD: listed & ~warm, AUDIENCE: ~listed}
    new = {SERVED: 0.1 * own, "lightfm": 0.05 * own, POPULAR: 0.0 * own, BEST: 0.2 * own}
    night = ItemFirstNight("SKU-1", date(2026, 2, 18), True, 1500, 12, 3000)
    return ListComparison(
        "Seed 1",
        worth.build_board(values, whom),
        worth.build_board(new, {LISTED: listed}),
        (2, 1),
        0.05,
        (1.5, 1.0, 0.0, 2.0),
        [night],
    )


def test_cells_hold_the_mean_and_the_paired_lift_a_thousand_customers():
    board = told(0.08).everything
    assert format_cell(board, 0, 1) == "200 [200, 200]"
    assert format_cell(board, 1, 1) == "150 +50.0 [50.0, 50.0]"
    assert format_cell(board, 1, 3) == ""  # who has no list of their own is shown no part's
    assert format_cell(board, 2, 3) == "50.0 +50.0 [50.0, 50.0]"


@pytest.mark.parametrize(
    ("part_for_cold", "said"),
    [
        (0.08, ["Served loses to no part and not to the popular list."]),
        (0.13, ["Served loses, cold: 1 day: behind lightfm by -30.0 [-30.0, -30.0]"]),
    ],
)
def test_the_verdict_names_where_served_loses(part_for_cold, said):
    assert format_verdict(told(part_for_cold)) == said
    assert format_report(told(part_for_cold))[-1] == said[0]


def test_new_items_are_told_as_a_share_of_what_the_best_ten_hold():
    text = "\n".join(format_report(told(0.08)))
    assert (
        "Items in their first week: 2, of which 1 may be shown tonight" in text
        and "50.0 purchases of them" in text
    )
    assert [line.split()[-2:] for line in format_report(told(0.08)) if line.startswith(SERVED)][1] == [
        "50%",
        "1.50",
    ]
    assert "SKU-1, first night 2026-02-18: in 1,500 of 3,000 lists, in 12 of their first tens" in text


def test_the_page_shows_its_picture_in_any_window(tmp_path, look):
    path = page.write_page(tmp_path, "home", told(0.08))
    assert look(path, 1200) == [] and look(path, 400) == []
    assert "150 +50.0 [50.0, 50.0]" in path.read_text()

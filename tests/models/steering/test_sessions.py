"""Sessions and their moments, by hand."""

import numpy as np
import pytest

from models.steering.events import TouchedItem
from models.steering.next_items import LENGTH, sort_row, weigh_next_items
from models.steering.sessions import IDLE_SECONDS, Sessions, draw_sessions, group_sessions, iterate_moments

VIEW, CART, PURCHASE = range(3)


def group(*rows, n_items=10) -> Sessions:
    """Rows of customer, item, kind, second."""
    return group_sessions(*np.array(rows, np.int64).reshape(-1, 4).T, n_items)


def test_half_an_hour_without_an_event_ends_a_session():
    sessions = group((1, 0, VIEW, 0), (1, 1, VIEW, IDLE_SECONDS), (1, 2, VIEW, 2 * IDLE_SECONDS + 1))
    assert sessions.session.tolist() == [0, 0, 1]
    assert sessions.began.tolist() == [0, 2 * IDLE_SECONDS + 1]


def test_sessions_stand_in_the_order_in_which_they_began():
    sessions = group((1, 5, VIEW, 100), (2, 6, VIEW, 50), (1, 7, VIEW, 120), (3, 8, VIEW, 100))
    assert sessions.session.tolist() == [0, 1, 1, 2]
    assert sessions.item.tolist() == [6, 5, 7, 8]
    assert sessions.customer.tolist() == [2, 1, 1, 3]
    assert sessions.where(sessions.item != 6).session.tolist() == [0, 0, 1]


@pytest.mark.parametrize("rows", [[], [(1, 0, VIEW, 0)]])
def test_without_a_second_item_there_is_no_moment(rows):
    assert list(iterate_moments(group(*rows))) == []
    assert len(draw_sessions(group(*rows), 5, 0)) == 0


def test_a_moment_lies_before_every_item_that_is_new():
    sessions = group(
        (1, 3, VIEW, 0),
        (1, 3, CART, 10),
        (1, 4, VIEW, 20),
        (1, 3, VIEW, 30),
        (1, 5, VIEW, 40),
        (1, 4, PURCHASE, 50),
    )
    first, second = iterate_moments(sessions)
    assert first.touched == [TouchedItem(3, CART, 10.0)]
    assert first.wanted == {4: PURCHASE}, "what the session did with it later"
    assert (first.second, second.second) == (10, 30)
    assert second.touched == [TouchedItem(3, CART, 30.0), TouchedItem(4, VIEW, 20.0)]
    assert second.wanted == {5: VIEW}


def test_what_happens_in_one_second_says_nothing_of_each_other():
    rows = [(1, item, PURCHASE, 0) for item in (3, 4, 5)]
    assert list(iterate_moments(group(*rows))) == []
    [moment] = iterate_moments(group(*rows, *[(1, item, PURCHASE, 60) for item in (4, 6, 7)]))
    assert {one.item for one in moment.touched} == {3, 4, 5}
    assert moment.wanted == {6: PURCHASE, 7: PURCHASE}


def test_sessions_are_drawn_by_the_seed_from_those_with_two_items():
    rows = [(customer, item, VIEW, item) for customer in range(20) for item in range(1 + customer % 2)]
    drawn = [draw_sessions(group(*rows), 4, seed) for seed in (1, 1, 2)]
    assert len(drawn[0]) == 4 and all(customer % 2 for customer in drawn[0].customer.tolist())
    assert drawn[0].customer.tolist() == drawn[1].customer.tolist() != drawn[2].customer.tolist()


def test_next_items_weigh_by_nearness_and_by_how_often():
    sessions = group(
        (1, 0, VIEW, 0),
        (1, 1, VIEW, 10),
        (1, 2, VIEW, 20),
        (1, 0, VIEW, 30),
        (2, 0, VIEW, 0),
        (2, 1, VIEW, 10),
        (3, 3, VIEW, 0),
        (3, 4, VIEW, 10),
    )
    weights = weigh_next_items(sessions, np.array([True] * 10))
    # 0 is beside 1 in two sessions (2.0) and two places from 2 in one (0.5^(1/2) = 0.7071)
    columns, values = sort_row(weights, 0)
    assert columns.tolist() == [1, 2]
    assert values.tolist() == pytest.approx([(2 / 3) ** 0.5, (0.70711 / 3) ** 0.5], abs=1e-4)
    # of an item seen once: 1 / (1 + 1)
    columns, values = sort_row(weights, 4)
    assert columns.tolist() == [3] and values.tolist() == pytest.approx([0.5**0.5])
    assert sort_row(weights, 9)[0].tolist() == []


def test_items_of_one_second_are_beside_each_other():
    """Orders are compared with each other: an order of two lines says more of each than one of four."""
    sessions = group(
        *[(1, item, PURCHASE, 0) for item in (0, 1)], *[(2, item, PURCHASE, 0) for item in (0, 2, 3, 4)]
    )
    weights = weigh_next_items(sessions, np.ones(10, bool))
    columns, values = sort_row(weights, 0)
    assert columns.tolist() == [1, 2, 3, 4]
    # a share of 1/2 × 1/2, and of 1/4 × 1/4
    assert values.tolist() == pytest.approx([(0.25 / 1.25) ** 0.5] + [(0.0625 / 1.25) ** 0.5] * 3, abs=1e-4)


def test_next_items_are_those_that_may_be_shown():
    rows = [(customer, item, VIEW, place) for customer in range(3) for place, item in enumerate((0, 1, 2))]
    allowed = np.array([True, False, True, True, True, True, True, True, True, True])
    weights = weigh_next_items(group(*rows), allowed)
    assert sort_row(weights, 0)[0].tolist() == [2]
    assert sort_row(weights, 1)[0].tolist() == [0, 2], "an item that is hidden has followers all the same"
    many = [(1, item, VIEW, item) for item in range(LENGTH + 30)]
    assert np.diff(weigh_next_items(group(*many, n_items=200), np.ones(200, bool)).indptr).max() <= LENGTH

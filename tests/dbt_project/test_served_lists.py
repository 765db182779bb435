"""What became of the lists that were served, in a warehouse that three nights have built."""

from datetime import datetime

import duckdb
import pytest


@pytest.fixture(scope="module")
def ask(built):
    with duckdb.connect(str(built.files[-1]), read_only=True) as warehouse:
        yield lambda query: warehouse.execute(query).fetchall()


def test_impressions_and_what_was_clicked(ask):
    """Of the first list's second item two views, one click and a cart name the list: two clicks. A list may
    have no item; what crawlers did is no click; of the fifth list a cart was taken away again.
    """
    rows = ask(
        "select request_id, item_rank, item_id, score, n_clicks, n_carts, first_clicked_at from"
        " fct_impressions order by 1, 2"
    )
    assert rows == [
        ("late", 1, "item7", 1.0, 0, 0, None),
        ("list1", 1, "item1", 1.0, 0, 0, None),
        ("list1", 2, "item2", 0.5, 2, 1, datetime(2026, 1, 6, 8, 0)),
        ("list2", 1, "item3", 1.0, 0, 0, None),
        ("list4", 1, "item5", 1.0, 0, 0, None),
        ("list4", 2, "item4", 0.5, 0, 0, None),
        ("list5", 1, "item6", 1.0, 0, 0, None),
        ("list6", 1, "item8", 1.0, 0, 0, None),
        ("list7", 1, "item9", 1.0, 1, 0, datetime(2026, 1, 7, 9, 0)),
    ]


def test_lists_that_nothing_happened_to_are_not_made_again(ask):
    """The last night corrects `list4`, brings `late` and `list6`, takes `gone` and a cart of `list5` away and
    hears of a click on `list7`. It takes an event of `list1`'s day away too; of day 0 nothing is new.
    """
    rows = ask("select request_id from main_intermediate.int_build__changed_requests order by 1")
    assert [name for (name,) in rows] == ["gone", "late", "list1", "list4", "list5", "list6", "list7"]

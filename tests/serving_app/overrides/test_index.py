"""Overrides by customer."""

from serving_app.overrides.index import OverrideIndex
from tests.serving_app.overrides.calls import make_override


def test_the_index_follows_a_customer_through_a_merge(clock):
    mine, everyones, others = (
        make_override(1, clock(), customer_id="c_old"),
        make_override(2, clock()),
        make_override(3, clock(), customer_id="c2"),
    )
    index = OverrideIndex([mine, everyones, others], {"c_old": "c_new", "c2": "c2"}.get)
    assert index.select_for_customer("c_new") == [mine, everyones]
    assert index.select_for_customer(None) == [everyones]

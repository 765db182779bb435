"""What a definition may cost is asked of the lake's size, and who is left out decides what is built upon."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from expectations.contracts.lake import CORE_EVENTS, CORE_IDENTITIES, CORE_ORDER_LINES
from segments.in_force import SegmentsInForce
from segments.sql.costs import CostLimits, ShopStatistics
from spark_jobs.lake.tables import Lake
from spark_jobs.settings import Settings
from spark_jobs.warehouse.segments_in_force import load_segments_in_force, mark_left_out, read_statistics

VIEWERS = """segment_id: viewers
name: Viewers
kind: rule
description: Viewed something.
members: {count: view, op: ">=", value: 1}
"""


@pytest.fixture
def lake(tmp_path) -> Lake:
    """Three views of two customers, an uncart, and two orders' lines over ten days."""
    lake = Lake(tmp_path / "lake")
    noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    events = [
        dict.fromkeys(CORE_EVENTS.columns)
        | {"event_id": str(n), "source": "web", "event_type": kind, "occurred_at": noon}
        | {"occurred_date": date(2026, 1, 5)}
        for n, kind in enumerate(["view", "view", "view", "uncart", "purchase"])
    ]
    lines = [
        dict.fromkeys(CORE_ORDER_LINES.columns)
        | {"source": "web", "order_id": "o", "line_no": n, "line_type": kind, "ordered_at": noon}
        | {"ordered_date": date(2026, 1, 14), "quantity": 1, "unit_price": 1, "amount": 1, "currency": "EUR"}
        for n, kind in enumerate(["sale", "sale", "return", "charge"])
    ]
    lake.append_rows(events, CORE_EVENTS)
    lake.append_rows(lines, CORE_ORDER_LINES)
    people = [{"identifier_id": f"i{n}", "customer_id": f"c{n // 2}"} for n in range(4)]
    lake.append_rows(people, CORE_IDENTITIES)
    return lake


def test_a_shops_size_is_counted_in_the_lake(lake, tmp_path):
    counted = {"view": 3, "uncart": 1, "purchase": 2, "return": 1, "empty_cart": 1}
    assert read_statistics(lake) == ShopStatistics(2, counted, 10)
    nothing = {"purchase": 0, "return": 0, "empty_cart": 0}
    assert read_statistics(Lake(tmp_path / "none")) == ShopStatistics(0, nothing, 1)


def test_the_settings_bound_what_is_evaluated(lake, tmp_path):
    """A view is read once, beside a row of each customer: 3 + 2 rows."""
    settings = Settings.from_environment({"CONCIERGE_HOME": str(tmp_path)})
    settings.paths.segment_definitions.mkdir(parents=True)
    (settings.paths.segment_definitions / "viewers.yml").write_text(VIEWERS)
    for n_rows, is_kept in ((5, True), (4, False)):
        chosen = replace(settings, segment_limits=CostLimits(n_read=n_rows))
        assert ("viewers" in load_segments_in_force(chosen, lake).rules.by_id) == is_kept


def test_other_definitions_left_out_are_other_models():
    def left_out(*names: str) -> SegmentsInForce:
        return SegmentsInForce((), (), dict.fromkeys(names, "why"), {"learned": "whose stays are replaced"})

    assert mark_left_out("0123", left_out()) == "0123"
    hashes = {mark_left_out("0123", left_out(*names)) for names in ((), ("a",), ("b",), ("a", "b"))}
    assert len(hashes) == 4

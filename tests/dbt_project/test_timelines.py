"""Timelines of every customer, against the warehouse that dbt built, counted table by table."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import duckdb
import pytest

from segments.calendar import ShopCalendar
from serving_app.segments.warehouse import Night
from serving_app.timelines.entries import Page, merge_entries
from serving_app.timelines.night import read_night_entries

COUNTS = """
    select 'event' as kind, customer_id, count(*)
    from (
        select customer_id from fct_interactions where order_id is null
        union all
        select customer_id from main_intermediate.int_sent_events where item_id is null and order_id is null
    ) group by customer_id
    union all
    select 'order', customer_id, count(*) from fct_orders group by customer_id
    union all
    select 'list', customer_id, count(distinct request_id) from fct_impressions group by customer_id
    union all
    select 'segment', customer_id, count(*) from fct_segment_changes group by customer_id
"""
ZONE = "Europe/Berlin"


@pytest.fixture(scope="module")
def night(built):
    with duckdb.connect(str(built.anew), read_only=True) as warehouse, ThreadPoolExecutor(1) as worker:
        yield Night(warehouse, worker, date(2026, 2, 20), ShopCalendar(ZONE))


def read_pages(night, customer_id, limit):
    """All entries, by pages."""
    page, entries = Page(limit), []
    while page:
        found = read_night_entries(night, ZONE, customer_id, page)
        assert len(found) <= limit + 1
        shown, after = merge_entries(page, found)
        entries += shown
        page = Page(limit, before=after) if after else None
    return entries


def test_every_customer_has_all_of_theirs(night):
    expected = {(kind, who): n for kind, who, n in night.ask(COUNTS) if who}
    customers = sorted({who for _, who in expected})
    assert len(customers) > 10 and {kind for kind, _ in expected} >= {"event", "order", "segment"}
    for customer_id in customers:
        entries = read_pages(night, customer_id, 37)
        assert entries == sorted(entries, key=lambda entry: entry.place, reverse=True)
        assert len({entry.place for entry in entries}) == len(entries), "places tell entries apart"
        found = Counter(entry.kind for entry in entries)
        for kind in ("event", "order", "list", "segment"):
            assert found[kind] == expected.get((kind, customer_id), 0), (kind, customer_id)

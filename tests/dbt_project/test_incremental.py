"""Incremental equals full refresh: 24 days of a small shop in three nights, every model compared with a build from nothing.

The nights bring late rows for days gone by, take rows away, move browsers' histories to the people they turn out to be, change
items' categories, take a consent back, and bring the first orders feed after twelve days without one. R22.
"""

from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest

OPENED = date(2026, 1, 5)
WITHOUT_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")

# What a build did, which differs between one that had much to do and one that had little.
OF_THE_BUILD = {"int_build__moved_identifiers", "int_build__changed_items", "int_build__touched_days", "int_build__window"}
# Only the window's days stand there; compared on those days. Its runs begin with the window, so of those the stays are compared.
OF_THE_WINDOW = {
    "int_spine", "int_customer_states", "int_category_states", "int_rfm_scores", "int_segment_inputs", "int_segment_days",
}  # fmt: skip
CUT_BY_THE_WINDOW = {"int_segment_stays"}
NIGHTS = (8, 16, 24)


def differing(nightly, anew) -> tuple[dict[str, int], int]:
    """Rows by model that only one of two warehouse files holds; and how many models were compared."""
    with duckdb.connect() as both:
        both.execute(f"attach '{nightly}' as nightly (read_only)")
        both.execute(f"attach '{anew}' as anew (read_only)")
        rebuilt_from = both.execute("select rebuilt_from from nightly.main_intermediate.int_build__window").fetchone()[0]
        models = both.execute(
            "select distinct table_schema || '.' || table_name, table_name from information_schema.tables"
            " where table_catalog in ('nightly', 'anew')"
        ).fetchall()
        compared, found = 0, {}
        for path, model in models:
            if model in OF_THE_BUILD | CUT_BY_THE_WINDOW:
                continue
            where = f"where state_date >= date '{rebuilt_from}'" if model in OF_THE_WINDOW else ""
            one, other = (f"select * from {side}.{path} {where}" for side in ("nightly", "anew"))
            n = both.execute(
                f"select count(*) from (({one} except all {other}) union all ({other} except all {one}))"
            ).fetchone()[0]
            compared += 1
            if n:
                found[model] = n
    return found, compared


def happenings(shop, n: int) -> None:
    """What changes beside trade. The first night ends with day 7, the second with day 15."""
    if n == 5:
        shop.merge("i_a3", "i_u2")
    if n == 9:
        shop.merge("i_a1", "i_u1")
        shop.merge("i_a2", "i_u2")
    if n == 11:
        shop.owner["i_a3"] = "c_i_a3"  # a split
    if n == 13:
        shop.items["item0"]["category_path"] = ["tins"]
        shop.items["item3"]["is_consumable"] = True
    if n == 17:  # corrections: a line less on day 14, and nothing left of day 11
        gone = next(key for key, line in shop.lines.items() if line["ordered_date"] == OPENED + timedelta(days=14))
        del shop.lines[gone]
        for name in [name for name, event in shop.events.items() if event["occurred_date"] == OPENED + timedelta(days=11)]:
            del shop.events[name]
        shop.consents.append(consent("i_u2", n))


def consent(identifier: str, n: int) -> dict:
    at = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=n)
    return {"identifier_id": identifier, "purpose": "personalization", "consented_at": at, "source": "crm", "is_granted": False}


@pytest.fixture
def nightly(shop, new_home):
    """The home after its nights, each one's file, and the last day."""
    home, first, files = new_home("nightly"), 0, []
    for number, until in enumerate(NIGHTS):
        for n in range(first, until):
            happenings(shop, n)
            shop.trade(n)
        shop.write(home.lake)
        first, last = until, OPENED + timedelta(days=until - 1)
        files.append(home.build(f"night{number}", last, *WITHOUT_TESTS))
        home.publish(f"night{number}", files[-1])
    return home, files, last


def test_incremental_equals_full_refresh(nightly, new_home):
    home, files, last = nightly
    anew = new_home("anew", home.lake).build("anew", last)  # with dbt's own tests, unit tests too
    found, compared = differing(files[-1], anew)
    assert not found, f"rows that only one of the two builds holds: {found}"
    assert compared >= 40
    with duckdb.connect(str(files[-1]), read_only=True) as warehouse:
        window = warehouse.execute("select rebuilt_from, as_of from main_intermediate.int_build__window").fetchone()
        ended = warehouse.execute("select count(*) from fct_customer_segments where left_at is not null").fetchone()[0]
    assert OPENED < window[0] < window[1] == last, "the last night looked at all days again, so it proves nothing"
    assert ended > 20
    missed, _ = differing(files[-2], anew)
    assert {"stg_core__events", "fct_interactions", "dim_customers", "fct_customer_segments"} <= set(missed), "compares nothing"

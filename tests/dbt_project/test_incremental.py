"""Incremental equals full refresh: 24 days of a small shop in three nights, every model compared with a build
from nothing.

The nights bring late rows for days gone by, take rows away, move browsers' histories to the people they turn
out to be, change items' categories, take a consent back, bring the first orders feed after days without one,
and take a feed's only line away. R22.
"""

from datetime import date

import duckdb

OPENED = date(2026, 1, 5)

# What a build did, which differs between one that had much to do and one that had little.
OF_THE_BUILD = {
    "int_build__moved_identifiers",
    "int_build__changed_items",
    "int_build__changed_feeds",
    "int_build__touched_days",
    "int_build__changed_orders",
    "int_build__changed_requests",
    "int_build__changed_customers",
    "int_build__window",
    "int_build__score_changes",
    "int_build__bucket_counts",
    "int_build__cut_places",
    "int_build__score_cuts",
    "int_build__rescored_customers",
    "int_build__evaluated_customers",
    "int_build__replaced_stays",
    "int_build__changed_histories",
    "int_build__changed_lists",
    "int_build__changed_consents",
    "int_build__changed_profiles",
    "int_build__trait_customers",
}
# Only the days and customers that a build works out stand there; what is made of them is compared.
OF_THE_CHANGED = {
    "int_touched_customer_days",
    "int_touched_amount_days",
    "int_touched_category_days",
    "int_touched_events",
    "int_event_edges",
    "int_asked_days",
    "int_behaviour_days",
    "int_staying_days",
    "int_given_stays",
    "int_member_days",
    "int_counted_days",
    "int_state_changes",
    "int_favourite_lines",
    "int_score_crossings",
    "int_evaluation_days",
    "int_evaluated_states",
    "int_states_to_evaluate",
    "int_rfm_scores",
    "int_segment_inputs",
    "int_profile_fields",
    "int_segment_days",
    "int_segment_stays",
}


def differing(nightly, anew) -> tuple[dict[str, int], int]:
    """Rows by model that only one of two warehouse files holds; and how many models were compared."""
    with duckdb.connect() as both:
        both.execute(f"attach '{nightly}' as nightly (read_only)")
        both.execute(f"attach '{anew}' as anew (read_only)")
        models = both.execute(
            "select distinct table_schema || '.' || table_name, table_name from information_schema.tables"
            " where table_catalog in ('nightly', 'anew')"
        ).fetchall()
        compared, found = 0, {}
        for path, model in models:
            if model in OF_THE_BUILD | OF_THE_CHANGED:
                continue
            one, other = (f"select * from {side}.{path}" for side in ("nightly", "anew"))
            n = both.execute(
                f"select count(*) from (({one} except all {other}) union all ({other} except all {one}))"
            ).fetchone()[0]
            compared += 1
            if n:
                found[model] = n
    return found, compared


def test_incremental_equals_full_refresh(built):
    found, compared = differing(built.files[-1], built.anew)
    assert not found, f"rows that only one of the two builds holds: {found}"
    assert compared >= 40


def test_the_comparison_is_worth_something(built):
    """The last night looked at some days only, stays have ended, and a night that was missed
    would be seen.
    """
    with duckdb.connect(str(built.files[-1]), read_only=True) as warehouse:
        window = warehouse.execute(
            "select rescored_from, as_of from main_intermediate.int_build__window"
        ).fetchone()
        ended = warehouse.execute(
            "select count(*) from fct_customer_segments where left_at is not null"
        ).fetchone()[0]
    assert OPENED < window[0] < window[1] == built.last
    assert ended > 20
    missed, _ = differing(built.files[-2], built.anew)
    assert {"stg_core__events", "fct_interactions", "dim_customers", "fct_customer_segments"} <= set(missed)


def test_a_feed_that_comes_and_goes_takes_a_purchase_out_and_puts_it_back(built):
    """The kiosk's web purchase is of the first night, its only order line of the second; the third night
    takes the line away.
    """
    counted = []
    for file in built.files:
        with duckdb.connect(str(file), read_only=True) as warehouse:
            counted.append(
                warehouse.execute(
                    "select count(*) from fct_interactions where interaction_id = 'event:k6'"
                ).fetchone()[0]
            )
    assert counted == [1, 0, 1]
    with duckdb.connect(str(built.files[-1]), read_only=True) as warehouse:
        assert warehouse.execute(
            "select source from main_intermediate.int_build__changed_feeds"
        ).fetchall() == [("kiosk",)]

"""Each expectation of each suite is broken on purpose once, among good rows: it alone speaks, and counts
right.

One frame a table: two good rows, one row a planted fault, one repeated key, and a null in each column that
promises a value.
"""

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from expectations.contracts.identifiers import derive_customer_id
from expectations.contracts.lake import LAKE
from expectations.suites import SUITES
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.run.suite_evaluation import find_unmet_expectations
from tests.spark_jobs.run.good_rows import GOOD, cid, iid, listed

NULL, SET, RANGE, REGEX = (
    f"column_values_to_{word}" for word in ("not_be_null", "be_in_set", "be_between", "match_regex")
)


LIST_FAULTS = {
    "list_is_not_empty": {"items": []},
    "items_are_named": {"items": listed((" ", 1.0, ["popular"]))},
    "items_are_named_once": {"items": listed(("item-a", 2.0, ["popular"]), ("item-a", 1.0, ["popular"]))},
    "scores_are_numbers": {"items": listed(("item-a", float("nan"), ["popular"]))},
    "scores_fall": {"items": listed(("item-a", 1.0, ["popular"]), ("item-b", 2.0, ["popular"]))},
    "sources_are_named": {"items": listed(("item-a", 1.0, []))},
    f"model_version: {NULL}": {"model_version": None},
}

# table → expectation → what to change in a good row to break it and nothing else.
FAULTS = {
    "core_events": {
        f"event_type: {SET}": {"event_type": "hover"},
        "day_is_of_its_time": {"occurred_date": date(2026, 1, 3)},
        "time_is_plausible": {
            "occurred_at": datetime(2027, 1, 5, tzinfo=UTC),
            "occurred_date": date(2027, 1, 5),
        },
        "somebody_did_it": {"anonymous_identifier_id": None},
        "item_is_named": {"item_id": None},
        f"user_identifier_id: {REGEX}": {"user_identifier_id": "canary@example.test"},
        f"anonymous_identifier_id: {REGEX}": {"anonymous_identifier_id": "browser"},
        f"quantity: {RANGE}": {"quantity": 0},
        f"unit_price: {RANGE}": {"unit_price": Decimal(-1)},
        f"currency: {REGEX}": {"currency": "€"},
    },
    "core_order_lines": {
        f"line_type: {SET}": {"line_type": "gift"},
        "day_is_of_its_time": {"ordered_date": date(2026, 1, 7)},
        "amount_is_the_product": {"amount": Decimal(4)},
        "sales_add": {"quantity": -2, "amount": Decimal(-3)},
        "returns_take": {"line_type": "return"},
        "price_is_not_negative": {"unit_price": Decimal("-1.5"), "amount": Decimal(-3)},
        "item_is_named": {"item_id": None},
        f"user_identifier_id: {REGEX}": {"user_identifier_id": "17850"},
        f"email_identifier_id: {REGEX}": {"email_identifier_id": "canary@example.test"},
        f"currency: {REGEX}": {"currency": "pounds"},
        f"quantity: {RANGE}": {"quantity": 80_995, "amount": Decimal("121492.5")},
    },
    "core_people": {
        f"crm_identifier_id: {REGEX}": {"crm_identifier_id": "C1"},
        f"user_identifier_id: {REGEX}": {"user_identifier_id": "u1"},
        f"email_identifier_id: {REGEX}": {"email_identifier_id": "canary@example.test"},
        f"phone_identifier_id: {REGEX}": {"phone_identifier_id": "030 1"},
        "somebody_is_meant": {"email": None, "email_identifier_id": None},
        "ended_has_no_values": {"ended_on": date(2026, 1, 5)},
        "email_has_its_id": {"email_identifier_id": None, "crm_identifier_id": iid(1)},
        "email_looks_like_one": {"email": "has none"},
        "updated_after_created": {"created_at": datetime(2026, 2, 1, tzinfo=UTC)},
        "born_in_living_memory": {"birth_date": date(1800, 1, 1)},
    },
    "core_items": {
        f"price: {RANGE}": {"price": Decimal(-1)},
        f"currency: {REGEX}": {"currency": "eur"},
        f"n_stock: {RANGE}": {"n_stock": -1, "is_in_stock": False},
        "stock_agrees": {"n_stock": 0},
        "ended_is_not_shown": {"ended_on": date(2026, 1, 5)},
        "id_is_not_blank": {"item_id": " "},
        "recommended_items_have_a_title": {"title": None},
    },
    "core_item_changes": {
        "day_is_of_its_time": {"changed_date": date(2026, 1, 7)},
        "something_changed": {"old_value": "4"},
    },
    "core_consents": {
        f"purpose: {SET}": {"purpose": "cookies"},
        f"identifier_id: {REGEX}": {"identifier_id": "canary@example.test"},
    },
    "core_identifiers": {
        f"kind: {SET}": {"kind": "iban"},
        f"identifier_id: {REGEX}": {"identifier_id": "canary@example.test"},
        "source_where_local": {"kind": "email"},
        "value_is_not_blank": {"value_normalised": " "},
    },
    "core_identity_links": {
        f"identifier_id_a: {REGEX}": {"identifier_id_a": "a browser"},
        f"identifier_id_b: {REGEX}": {"identifier_id_b": "x"},
        "in_order": {"identifier_id_a": "i_" + "f" * 32, "identifier_id_b": "i_" + "e" * 32},
        f"rule: {SET}": {"rule": "same_name"},
        f"weight: {RANGE}": {"weight": 1.5, "rule": "alike"},
        "what_was_seen_is_sure": {"weight": 0.5},
        "held_or_followed": {"is_followed": False},
        f"held_by: {REGEX}": {"is_followed": False, "held_by": "somebody"},
        f"evidence: {NULL}": {"evidence": None},
        f"evidence: {REGEX}": {"evidence": "somebody said so"},
    },
    "core_identity_likeness": {
        "in_order": {"record_id_a": "z"},
        f"probability: {RANGE}": {"probability": 1.5},
        "no_value_in_agreements": {"agreements": {"email": "canary@example.test +3.0"}},
    },
    "core_identity_decisions": {
        f"identifier_id_a: {REGEX}": {"identifier_id_a": "a browser"},
        f"identifier_id_b: {REGEX}": {"identifier_id_b": "x"},
        f"identifier_id_a: {NULL}": {"identifier_id_a": None},
        f"identifier_id_b: {NULL}": {"identifier_id_b": None},
        f"decision: {SET}": {"decision": "merge"},
        "about_two": {"identifier_id_a": iid(7), "identifier_id_b": iid(7)},
    },
    "core_identity_reviews": {
        f"kind: {SET}": {"kind": "odd", "is_held_back": False},
        f"customer_id: {REGEX}": {"customer_id": "17850"},
        f"identifier_id_a: {REGEX}": {"identifier_id_a": "a browser"},
        f"identifier_id_b: {REGEX}": {"identifier_id_b": "x"},
        f"because: {NULL}": {"because": None},
        "only_giants_are_held_back": {"kind": "bridge"},
        "no_address_in_because": {"because": "canary@example.test on 30 cards"},
    },
    "core_identities": {
        f"identifier_id: {REGEX}": {"identifier_id": "i_1", "customer_id": derive_customer_id("i_1")},
        "founder_is_among_them": {"customer_id": cid(1_000)},
        f"customer_id: {REGEX}": {"customer_id": "17850"},
    },
    "core_identity_changes": {
        f"change: {SET}": {"change": "vanished"},
        f"customer_id: {REGEX}": {"customer_id": "c_1", "change": "merged"},
        f"to_customer_id: {REGEX}": {"to_customer_id": "c_1", "change": "merged"},
        f"to_customer_id: {NULL}": {"to_customer_id": None},
        f"because: {NULL}": {"because": None},
        "created_is_itself": {"to_customer_id": cid(1_000)},
        "no_address_in_because": {"because": "canary@example.test logged in"},
    },
    "core_impressions": {
        f"customer_id: {REGEX}": {"customer_id": "17850"},
        "day_is_of_its_time": {"served_date": date(2026, 1, 7)},
        "ranks_count_from_one": {"items": [("item-a", 0, 2.0, "popular")]},
        "items_are_named_once": {"items": [("item-a", 1, 2.0, "popular"), ("item-a", 2, 2.0, "popular")]},
        f"propensity: {RANGE}": {"propensity": 1.5},
    },
    "quarantine": {f"reason: {SET}": {"reason": "odd"}, f"raw_text: {NULL}": {"raw_text": None}},
    "fct_interactions": {
        f"customer_id: {REGEX}": {"customer_id": "17850"},
        f"item_id: {NULL}": {"item_id": None},
        f"occurred_at: {NULL}": {"occurred_at": None},
        f"interaction_type: {SET}": {"interaction_type": "hover"},
        "purchases_have_units": {"quantity": 0},
        "purchases_have_an_order": {"order_id": None},
    },
    "feat_customers": {
        f"customer_id: {REGEX}": {"customer_id": "17850"},
        f"price_band: {SET}": {"price_band": "dear"},
        f"n_orders: {RANGE}": {"n_orders": -1, "last_order_at": None},
        "orders_have_a_date": {"last_order_at": None},
    },
    "feat_customer_traits": {
        f"customer_id: {REGEX}": {"customer_id": "17850"},
        f"traits: {REGEX}": {"traits": "[]"},
    },
    "feat_items": {f"price: {RANGE}": {"price": Decimal(-1)}, f"price_band: {SET}": {"price_band": "dear"}},
    "feat_live_segments": {
        f"segment_id: {REGEX}": {"segment_id": "Not an id"},
        f"version: {REGEX}": {"version": "newest"},
    },
    "feat_segment_states": {
        f"customer_id: {REGEX}": {"customer_id": "17850"},
        f"fingerprint: {REGEX}": {"fingerprint": "another"},
    },
    "rec_customer_items_v1": {f"customer_id: {REGEX}": {"customer_id": "17850"}, **LIST_FAULTS},
    "rec_item_items_v1": {
        "not_its_own_neighbour": {"items": listed(("own", 1.0, ["kin"])), "item_id": "own"},
        **LIST_FAULTS,
    },
    "rec_audience_items_v1": {f"audience: {REGEX}": {"audience": "everyone"}, **LIST_FAULTS},
    "rec_fold_in_v1": {
        "factors_fit_items": {"n_components": 2},
        "factors_are_numbers": {"factors": [0.5, float("nan")]},
        "items_are_placed_once": {"item_ids": ["item-a", "item-a"]},
        "trust_is_a_share": {"trust": [(2, 1.5)]},
    },
    "rec_item_next_v1": {
        "not_its_own_successor": {"items": listed(("own", 1.0, ["kin"])), "item_id": "own"},
        **LIST_FAULTS,
    },
    "pred_customer_scores": {
        f"customer_id: {REGEX}": {"customer_id": "someone@example.org"},
        f"trait: {REGEX}": {"trait": "Purchase"},
        f"probability: {RANGE}": {"probability": 1.5},
        f"expected_spend: {RANGE}": {"probability": None, "expected_spend": -1.0},
        "one_value": {"expected_spend": 3.0},
        "value_is_a_number": {"probability": None, "expected_spend": float("inf")},
        "decile_is_of_its_percentile": {"decile": 9},
        "one_day": {"scored_date": date(2026, 2, 9)},
    },
    "pred_customer_clusters": {
        f"customer_id: {REGEX}": {"customer_id": "someone@example.org"},
        f"cluster_id: {REGEX}": {"cluster_id": "2"},
        "one_name": {"cluster_name": "Bought lately"},
        "one_day": {"scored_date": date(2026, 2, 9)},
    },
    "pred_customer_segments": {
        f"customer_id: {REGEX}": {"customer_id": "someone@example.org"},
        "leaves_after_entering": {"left_date": date(2026, 2, 10)},
        "score_is_a_number": {"score": float("nan")},
    },
    "rec_steering_v1": {
        "half_life_is_positive": {"half_life_places": 0.0},
        "weights_are_not_negative": {"cohorts": [(True, 1, 1.0, [0.1, -0.2, 0.3], [0.0] * 3, 0.0)]},
        "a_weight_for_each_kind": {"cohorts": [(True, 1, 1.0, [0.1, 0.2], [0.0] * 3, 0.0)]},
        "cohorts_are_named_once": {"cohorts": [(True, 1, 1.0, [0.1] * 3, [0.0] * 3, 0.0)] * 2},
    },
}
# What is said of a table as a whole, broken by a frame of its own below.
OF_THE_WHOLE = {
    "table: table_row_count_to_be_between",
    "audience: column_distinct_values_to_contain_set",
    "something_may_be_served",
    "customer_has_few_identifiers",
    "kind, source, value_normalised: compound_columns_to_be_unique",
}
MOSTLY = {"core_order_lines": {f"user_identifier_id: {NULL}"}}


def list_unmet(connection, name: str, met_before: frozenset[str] = frozenset()) -> dict[str, int | None]:
    found = find_unmet_expectations(connection, SUITES[name].expectations, met_before)
    return {each.expectation.name: each.n_rows for each in found}


@pytest.fixture(params=["at once", "in two parts"])
def counts(request):
    """A function that names the expectations unmet by some rows and counts theirs: of all rows, or of
    the second half where the first was looked at before.
    """

    def count(name: str, rows: list[dict]) -> dict[str, int | None]:
        schema = pa.schema([field.with_nullable(True) for field in build_arrow_schema(LAKE[name])])
        table = pa.Table.from_pylist(
            [{column: row.get(column) for column in LAKE[name].columns} for row in rows], schema
        )
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            if request.param == "at once":
                return list_unmet(connection.register("rows", table), name)
            half = len(rows) // 2
            unmet = list_unmet(connection.register("rows", table[:half]), name)
            met = frozenset(e.name for e in SUITES[name].expectations if e.name not in unmet)
            connection.register("rows", table).register("new_rows", table[half:])
            return list_unmet(connection, name, met)

    return count


@pytest.mark.parametrize("name", list(SUITES))
def test_planted_faults_are_found_and_counted(counts, name):
    table, good = LAKE[name], GOOD[name]
    rows, expected = [good(0), good(1), good(2)], Counter()
    for fault, change in FAULTS[name].items():
        rows.append({**good(len(rows)), **change})
        expected[fault] += 1
    rows.append(rows[1])  # the key again
    expected[
        f"{', '.join(table.key)}:"
        f" {'column_values' if len(table.key) == 1 else 'compound_columns'}_to_be_unique"
    ] = 2
    own = {each.name for each in SUITES[name].own} - OF_THE_WHOLE - MOSTLY.get(name, set())
    assert own == set(FAULTS[name]), "an expectation that was never seen to fail"
    if name == "core_identifiers":
        expected["kind, source, value_normalised: compound_columns_to_be_unique"] = (
            2  # the repeated row repeats these as well
        )
    if name == "core_identities":
        expected["founder_is_among_them"] += 1  # a source's id is nobody's hash either
    for column in table.not_null:
        if any(column in change for change in FAULTS[name].values()) or column in (
            "occurred_at",
            "ordered_at",
            "items",
        ):
            rows.append({**good(len(rows)), column: None})
            expected[f"{column}: {NULL}"] += 1
    assert counts(name, rows) == dict(expected)


def test_faults_of_a_whole_table(counts):
    assert counts("core_events", []) == {"table: table_row_count_to_be_between": None}
    audiences = [{**GOOD["rec_audience_items_v1"](n), "audience": f"country:{n}"} for n in range(2)]
    assert counts("rec_audience_items_v1", audiences) == {
        "audience: column_distinct_values_to_contain_set": None
    }
    hidden = [{**GOOD["feat_items"](n), "is_in_stock": False} for n in range(2)]
    assert counts("feat_items", hidden) == {"something_may_be_served": 2}
    many = [{"identifier_id": iid(n), "customer_id": cid(0)} for n in range(101)]
    assert counts("core_identities", many) == {"customer_has_few_identifiers": 101}
    twice = [{**GOOD["core_identifiers"](n), "value_normalised": "u"} for n in range(2)]
    assert counts("core_identifiers", twice) == {
        "kind, source, value_normalised: compound_columns_to_be_unique": 2
    }
    guests = [
        {**GOOD["core_order_lines"](n), "user_identifier_id": iid(n) if n < 3 else None} for n in range(10)
    ]
    assert counts("core_order_lines", guests) == {f"user_identifier_id: {NULL}": 7}

"""The project's own rules, held on the manifest dbt made of it."""

import re
from pathlib import Path

import pytest

from expectations.contracts.lake import FCT_INTERACTIONS, FEAT_CUSTOMERS, FEAT_ITEMS, LAKE
from spark_jobs.snowflake.schema_swap import CONTACT_MARTS
from spark_jobs.warehouse.build_inputs import SOURCE_TABLES

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
PROMISED = {
    "dim_customers": (
        "customer_id is_known first_seen_at last_seen_at n_orders n_returns amount_spent amount_returned"
        " amount_net last_order_at country rfm_segment"
    ),
    "dim_items": "item_id title category price is_recommendable",
    "dim_segments": "segment_id name kind n_customers",
    "fct_customer_segments": "customer_id segment_id entered_at left_at",
    "fct_orders": "source order_id customer_id ordered_at n_lines n_units amount currency is_return",
    "fct_order_lines": (
        "source order_id line_no customer_id item_id ordered_at quantity unit_price amount line_type"
    ),
    "fct_interactions": (
        "interaction_id customer_id item_id interaction_type occurred_at quantity amount order_id"
    ),
}
PERSONAL = {name for table in LAKE.values() for name in table.personal} - {"raw_text", "detail"} | {
    "compared_as"
}


def layer(node: dict) -> str:
    return node["path"].split("/")[0]


@pytest.fixture(scope="module")
def models(built) -> dict[str, dict]:
    found = {
        node["name"]: node for node in built.manifest["nodes"].values() if node["resource_type"] == "model"
    }
    assert len(found) > 50
    return found


def parents(models, node) -> list[dict]:
    return [models[name.split(".")[-1]] for name in node["depends_on"]["nodes"] if name.startswith("model.")]


def test_only_staging_reads_sources(models):
    reading = [
        n["name"] for n in models.values() if any(d.startswith("source.") for d in n["depends_on"]["nodes"])
    ]
    assert reading
    assert all(name.startswith("stg_") for name in reading), (
        f"{reading}: read a stg_ model instead of the source"
    )


def test_no_layer_reaches_over_the_one_below(models):
    allowed = {
        "staging": set(),
        "intermediate": {"staging", "intermediate"},
        "traits": {"intermediate", "marts"},
        "marts": {"intermediate", "marts", "traits"},
    }
    wrong = [
        f"{node['name']} reads {parent['name']}"
        for node in models.values()
        for parent in parents(models, node)
        if layer(parent) not in allowed[layer(node)]
    ]
    assert not wrong


def test_every_model_says_its_grain_and_describes_its_columns(models):
    for name, node in models.items():
        assert node["description"].startswith("One row per "), (
            f"{name}: begin its description with the grain, 'One row per …'"
        )
        bare = [column for column, said in node["columns"].items() if not said["description"]]
        assert node["columns"] and not bare, (
            f"{name}: no description of {bare or 'any column'}; add it to models/columns.md"
        )


def test_nothing_that_follows_from_the_policy_is_kept_from_night_to_night(models):
    """`begin.models_hash` leaves the policy out, so rows that it made must not outlive it. Rules are asked
    again of whom another policy gives another country: int_build__changed_profiles.
    """
    follows = {"int_survivorship_rules", "int_survivorship_priorities"}
    compared = {"int_profile_changes", "int_build__changed_profiles"}
    while (
        more := {n for n, node in models.items() if follows & {one["name"] for one in parents(models, node)}}
        - follows
        - compared
    ):
        follows |= more
    assert {"dim_customer_values", "dim_customers", "rpt_customer_conflicts"} < follows
    kept = {name for name in follows if models[name]["config"]["materialized"] == "incremental"}
    assert not kept, f"{kept}: a table, or models_hash takes survivorship.yml in"


def test_every_model_has_a_key_or_says_why_not(models, built):
    keyed = {
        node["attached_node"].split(".")[-1]
        for node in built.manifest["nodes"].values()
        if node["name"].startswith("is_key")
    }
    # Views pass on the key of what they read; states of the window are held by what is made of them, and
    # events by the keys of the lake's events and lines.
    excused = {n["name"] for n in models.values() if n["config"]["materialized"] in ("view", "ephemeral")}
    excused |= {
        "int_build__reads",
        "int_spine",
        "int_category_states",
        "int_sent_events",
        "int_rfm_scores",
        "rpt_daily_sales",
    }
    assert set(models) - keyed <= excused


def test_described_columns_are_the_built_ones(models, built):
    import duckdb

    with duckdb.connect(str(built.anew), read_only=True) as warehouse:
        rows = warehouse.execute(
            "select table_name, list(column_name) from information_schema.columns group by all"
        ).fetchall()
    for name, columns in rows:
        assert set(models[name]["columns"]) == set(columns), (
            f"{name}: its page in _…__models.yml and its SQL differ"
        )


def test_marts_have_enforced_contracts_with_the_promised_columns(models):
    marts = {name: node for name, node in models.items() if layer(node) == "marts"}
    assert all(node["config"]["contract"]["enforced"] for node in marts.values())
    for name, columns in PROMISED.items():
        assert set(columns.split()) <= set(marts[name]["columns"]), (
            f"{name} lacks a column that outsiders rely on"
        )
    for table in (FCT_INTERACTIONS, FEAT_CUSTOMERS, FEAT_ITEMS):
        assert set(table.columns) <= set(marts[table.name]["columns"]), f"export cannot bring {table.name}"


def test_sources_are_the_lakes_contracts(built):
    sources = {node["name"]: node for node in built.manifest["sources"].values()}
    assert set(sources) == set(SOURCE_TABLES)
    for name, node in sources.items():
        assert list(node["columns"]) == list(LAKE[name].columns), (
            f"{name} in _core__sources.yml and in expectations differ"
        )


def test_personal_values_are_stored_only_in_marts_granted_on_their_own(models):
    holding = {name for name, node in models.items() if PERSONAL & set(node["columns"])}
    stored = {name for name in holding if models[name]["config"]["materialized"] != "ephemeral"}
    assert stored == set(CONTACT_MARTS), (
        f"{PERSONAL} belong to marts that schema_swap.format_grants gives to the contacts role alone"
    )
    assert len(holding) > len(stored), "what those marts are made of is ephemeral"


def test_pages_are_short(models):
    pages = {
        name: node["original_file_path"] for name, node in models.items() if "generated" not in node["path"]
    }
    lines = {name: len((PROJECT / page).read_text().splitlines()) for name, page in pages.items()}
    long = {name: n for name, n in lines.items() if n > 80}
    assert not long, f"{long}: split an int_ model off"


def test_no_model_asks_the_clock_or_chance(models):
    for name, node in models.items():
        found = re.findall(r"\b(now\(|current_\w+|getdate|random\(|uuid|sysdate)", node["raw_code"].lower())
        assert not found, f"{name}: {found}; time comes in as as_of()"


def test_both_readers_are_exposures(built):
    assert {node["name"] for node in built.manifest["exposures"].values()} == {
        "recommendation_service",
        "analysts",
    }

"""From the core tables to followed links and customers."""

import duckdb
import pyarrow as pa

from expectations.contracts.identity_rules import IdentityRules
from expectations.contracts.lake import (
    CORE_EVENTS,
    CORE_IDENTITY_DECISIONS,
    CORE_IDENTITY_LIKENESS,
    CORE_ORDER_LINES,
    CORE_PEOPLE,
)
from spark_jobs.identify.decisions import build_decision_links, build_pair_table, select_decided_pairs
from spark_jobs.identify.graph.customers import assign_customers
from spark_jobs.identify.graph.inputs import GraphInputs
from spark_jobs.identify.graph.likeness_links import build_likeness_links
from spark_jobs.identify.graph.links import link_seen_identifiers
from spark_jobs.identify.rules.clustering import cluster_identifiers
from spark_jobs.identify.rules.link_limits import mark_held_links
from spark_jobs.lake.tables import Lake


def read_graph_inputs(
    lake: Lake,
    con: duckdb.DuckDBPyConnection,
    identifiers: pa.Table,
    blocked: pa.Table,
    people: pa.Table,
    rules: IdentityRules,
) -> GraphInputs:
    """The links of the core tables, before any rule, and the decisions about them.

    Args:
        identifiers: `core_identifiers`, in the order of their ids.
        blocked: as `find_blocked_identifiers` gives it.
        people: as `drop_blocked_identifiers` gives it.
    """
    decisions, known = lake.read_arrow(CORE_IDENTITY_DECISIONS), identifiers["identifier_id"]
    joins, refused, splits = (
        select_decided_pairs(decisions, kind, known) for kind in ("join", "refuse", "split")
    )
    parted = {each["pair"] for each in (*refused, *splits)}
    by_likeness, record_clusters = build_likeness_links(
        lake.read_arrow(CORE_IDENTITY_LIKENESS), people, rules.likeness.link, parted
    )
    for table in (CORE_EVENTS, CORE_ORDER_LINES, CORE_PEOPLE):
        lake.create_view(con, table)
    links = pa.concat_tables([link_seen_identifiers(con), build_decision_links(joins), by_likeness])
    return GraphInputs(
        identifiers, blocked, links, record_clusters, build_pair_table(refused), build_pair_table(splits)
    )


def resolve_identities(
    con: duckdb.DuckDBPyConnection, inputs: GraphInputs, rules: IdentityRules
) -> tuple[pa.Table, pa.Table]:
    """`core_identity_links` and `core_identities` of this run."""
    marked_links = mark_held_links(con, inputs, rules)
    links_now, roots = cluster_identifiers(marked_links, inputs.identifiers, inputs.splits, rules)
    blocked = inputs.blocked["identifier_id"].combine_chunks()
    return links_now, assign_customers(inputs.identifiers, roots, blocked)

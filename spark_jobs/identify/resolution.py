"""From the core tables to followed links and customers."""

from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame

from expectations.contracts.identity_rules import IdentityRules
from expectations.contracts.lake import (
    CORE_EVENTS,
    CORE_IDENTIFIERS,
    CORE_IDENTITY_DECISIONS,
    CORE_IDENTITY_LIKENESS,
    CORE_ORDER_LINES,
    CORE_PEOPLE,
)
from spark_jobs.identify.decisions import build_decision_links, build_pair_table, select_decided_pairs
from spark_jobs.identify.graph.customers import assign_customers
from spark_jobs.identify.graph.likeness_links import build_likeness_links
from spark_jobs.identify.graph.links import link_seen_identifiers
from spark_jobs.identify.rules.clustering import cluster_identifiers
from spark_jobs.identify.rules.link_limits import mark_held_links
from spark_jobs.identify.table_writes import convert_arrow_to_spark
from spark_jobs.lake.tables import Lake


@dataclass(frozen=True)
class GraphInputs:
    """What the identity graph of a run is made of, as Spark frames.

    Attributes:
        identifiers: `core_identifiers`.
        blocked: `identifier_id, held_by`: identifiers whose value an identity rule blocks.
        links: what was seen together, is alike or was decided.
        record_clusters: `identifier_id, record_cluster`: records that are one person's by likeness.
        refused, splits: `identifier_id_a, identifier_id_b`: pairs that a decision refuses or splits.
    """

    identifiers: DataFrame
    blocked: DataFrame
    links: DataFrame
    record_clusters: DataFrame
    refused: DataFrame
    splits: DataFrame


def read_graph_inputs(
    lake: Lake, identifiers: DataFrame, blocked: DataFrame, people: pa.Table, rules: IdentityRules
) -> GraphInputs:
    """The links of the core tables, before any rule, and the decisions about them.

    Args:
        blocked: as `find_blocked_identifiers` gives it.
        people: as `drop_blocked_identifiers` gives it.
    """
    spark, decisions = lake.spark, lake.read_arrow(CORE_IDENTITY_DECISIONS)
    known = lake.read_arrow(CORE_IDENTIFIERS, ["identifier_id"])["identifier_id"]
    joins, refused, splits = (
        select_decided_pairs(decisions, kind, known) for kind in ("join", "refuse", "split")
    )
    parted = {each["pair"] for each in (*refused, *splits)}
    by_likeness, record_clusters = build_likeness_links(
        lake.read_arrow(CORE_IDENTITY_LIKENESS), people, rules.likeness.link, parted
    )
    links = link_seen_identifiers(lake.read(CORE_EVENTS), lake.read(CORE_ORDER_LINES), lake.read(CORE_PEOPLE))
    for table in (build_decision_links(joins), by_likeness):
        if table.num_rows:
            links = links.unionByName(convert_arrow_to_spark(spark, table))
    refused_frame, split_frame = (
        convert_arrow_to_spark(spark, build_pair_table(each)) for each in (refused, splits)
    )
    return GraphInputs(
        identifiers,
        blocked,
        links.persist(),
        convert_arrow_to_spark(spark, record_clusters),
        refused_frame,
        split_frame,
    )


def resolve_identities(inputs: GraphInputs, rules: IdentityRules) -> tuple[DataFrame, DataFrame]:
    """`core_identity_links` and `core_identities` of this run, persisted."""
    identifiers = inputs.identifiers
    marked_links = mark_held_links(
        inputs.links, identifiers, inputs.blocked, inputs.record_clusters, inputs.refused, rules
    ).persist()
    links_now, reached = cluster_identifiers(marked_links, identifiers, inputs.splits, rules)
    return links_now.persist(), assign_customers(identifiers, reached, inputs.blocked).persist()

"""Links between identifiers that were seen together: the rule, and the earliest row that shows it.

A link is stored for ever, followed or not; `rules/` decides which ones may join people.
A person's record holds what was last received: an e-mail that was replaced there stays linked only through
events and orders.
"""

from functools import reduce

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

PAIR_COLUMNS = ("identifier_id_a", "identifier_id_b")
SEEN_WEIGHT = 1.0  # weight of what was seen together
ALIKE_RULE, DECISION_RULE = "alike", "decision"  # the two rules that rest on no common sighting
LINK_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("identifier_id_a", "identifier_id_b", "rule", "evidence")),
        ("weight", pa.float64()),
        ("first_seen_at", pa.timestamp("us", tz="UTC")),
    ]
)


def build_identifier_pairs(*identifiers: Column) -> Column:
    """Every unordered pair of the identifiers that are not null, as an array of structs with a < b."""
    ids = F.array_sort(F.array_distinct(F.array_compact(F.array(*identifiers))))
    return F.flatten(
        F.transform(
            ids,
            lambda a, i: F.transform(
                F.slice(ids, i + 2, F.size(ids)),
                lambda b: F.struct(a.alias(PAIR_COLUMNS[0]), b.alias(PAIR_COLUMNS[1])),
            ),
        )
    )


def link_identifiers_seen_together(
    rows: DataFrame, rule: str, identifiers: tuple[str, ...], seen_at: Column, evidence: Column
) -> DataFrame:
    """One row per pair that stands in one of these rows, with the earliest row that shows it.

    Args:
        rows: one row per sighting.
        rule: the name of the rule.
        identifiers: the columns that hold identifier ids.
        seen_at: when, never null.
        evidence: `<table>/<key>` of the row.
    """
    present = sum((F.col(name).isNotNull().cast("int") for name in identifiers), F.lit(0))
    return (
        rows.where(present > 1)
        .select(
            F.explode(build_identifier_pairs(*map(F.col, identifiers))).alias("pair"),
            F.struct(seen_at.alias("at"), evidence.alias("row")).alias("seen"),
        )
        .groupBy("pair")
        .agg(F.min("seen").alias("seen"))
        .select(
            "pair.*",
            F.lit(rule).alias("rule"),
            F.col("seen.row").alias("evidence"),
            F.lit(SEEN_WEIGHT).alias("weight"),
            F.col("seen.at").alias("first_seen_at"),
        )
    )


def link_by_events(events: DataFrame) -> DataFrame:
    """Links of logins: an event carries both the user's id and the browser's."""
    return link_identifiers_seen_together(
        events,
        "same_event",
        ("user_identifier_id", "anonymous_identifier_id"),
        F.col("occurred_at"),
        F.concat(F.lit("core_events/"), "event_id"),
    )


def link_by_orders(lines: DataFrame, events: DataFrame) -> DataFrame:
    """Links of orders: a line carries the user's id and an e-mail, and the web event of the same order the
    browser's id.
    """
    bought = (
        events.where("order_id is not null and anonymous_identifier_id is not null")
        .select("source", "order_id", "anonymous_identifier_id")
        .distinct()
    )
    identified_lines = lines.where("user_identifier_id is not null or email_identifier_id is not null")
    # Several browsers for one order would be odd, and are several rows here: each is a sighting.
    return link_identifiers_seen_together(
        identified_lines.join(bought, on=["source", "order_id"], how="left"),
        "same_order",
        ("user_identifier_id", "email_identifier_id", "anonymous_identifier_id"),
        F.col("ordered_at"),
        F.concat_ws("/", F.lit("core_order_lines"), "source", "order_id", "line_no"),
    )


def link_by_person_records(people: DataFrame) -> DataFrame:
    """Links of person records: CRM number, user id, e-mail and phone."""
    received = F.to_timestamp(F.substring("first_received", 1, 10))  # a landing day begins it
    return link_identifiers_seen_together(
        people,
        "same_person_record",
        ("crm_identifier_id", "user_identifier_id", "email_identifier_id", "phone_identifier_id"),
        F.coalesce("created_at", "updated_at", received),
        F.concat_ws("/", F.lit("core_people"), "source", "record_id"),
    )


def link_seen_identifiers(events: DataFrame, lines: DataFrame, people: DataFrame) -> DataFrame:
    """The links of events, orders and person records: one row per pair of identifiers and rule, in the
    columns of `LINK_SCHEMA`.
    """
    sightings = select_sightings(events)
    return reduce(
        DataFrame.unionByName,
        [link_by_events(sightings), link_by_orders(lines, sightings), link_by_person_records(people)],
    )


def select_sightings(events: DataFrame) -> DataFrame:
    """The events that people made, with the source whose ids they use: a crawler is nobody."""
    people_made = events.where(~F.coalesce("is_bot", F.lit(False)))
    return people_made.withColumn("source", F.coalesce("id_source", "source"))

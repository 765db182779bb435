"""Links between identifiers that were seen together: the rule, and the earliest row that shows it.

A link is stored for ever, followed or not; `rules/` decides which ones may join people.
A person's record holds what was last received: an e-mail that was replaced there stays linked only through
events and orders.
"""

from itertools import combinations

import duckdb
import pyarrow as pa

from spark_jobs.lake.queries import run_query

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
# The events that people made, with the source whose ids they use: a crawler is nobody.
SIGHTINGS = """
    select event_id, coalesce(id_source, source) as source, order_id, occurred_at,
        user_identifier_id, anonymous_identifier_id
    from core_events where not coalesce(is_bot, false)
"""
# A login: an event carries both the user's id and the browser's.
LOGINS = "select *, occurred_at as seen_at, 'core_events/' || event_id as evidence from sightings"
# An order: a line carries the user's id and an e-mail, and the web event of the same order the browser's id.
# Several browsers for one order would be odd, and are several rows here: each is a sighting.
ORDERS = """
    select user_identifier_id, email_identifier_id, anonymous_identifier_id, ordered_at as seen_at,
        concat_ws('/', 'core_order_lines', source, order_id, line_no) as evidence
    from core_order_lines left join (
        select distinct source, order_id, anonymous_identifier_id from sightings
        where order_id is not null and anonymous_identifier_id is not null
    ) using (source, order_id)
    where user_identifier_id is not null or email_identifier_id is not null
"""
# A landing day begins a record that has no time of its own.
PERSON_RECORDS = """
    select *, concat_ws('/', 'core_people', source, record_id) as evidence,
        coalesce(created_at, updated_at, try_cast(left(first_received, 10) as date)::timestamptz) as seen_at
    from core_people
"""


def build_links_sql(rows: str, rule: str, identifiers: tuple[str, ...]) -> str:
    """SQL of one row per pair that stands in one of these rows, with the earliest row that shows it, in the
    columns of `LINK_SCHEMA`.

    Args:
        rows: SQL of one row per sighting: the columns of the identifiers, `seen_at`, never null, and
            `evidence`, `<table>/<key>` of the row.
    """
    pairs = " union all ".join(
        f"select least({x}, {y}) as a, greatest({x}, {y}) as b, seen_at, evidence from rows where {x} <> {y}"
        for x, y in combinations(identifiers, 2)
    )
    return f"""
        select a as identifier_id_a, b as identifier_id_b, '{rule}' as rule, seen.evidence as evidence,
            {SEEN_WEIGHT}::double as weight, seen.at as first_seen_at
        from (
            with rows as ({rows}), pairs as ({pairs})
            select a, b, min({{'at': seen_at, 'evidence': evidence}}) as seen from pairs group by a, b
        )
    """


def link_seen_identifiers(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """The links of events, orders and person records: one row per pair of identifiers and rule, in the
    columns of `LINK_SCHEMA`.

    Args:
        con: has `core_events`, `core_order_lines` and `core_people`.
    """
    con.execute(f"create or replace temp view sightings as {SIGHTINGS}")
    by_rule = [
        (LOGINS, "same_event", ("user_identifier_id", "anonymous_identifier_id")),
        (ORDERS, "same_order", ("user_identifier_id", "email_identifier_id", "anonymous_identifier_id")),
        (
            PERSON_RECORDS,
            "same_person_record",
            ("crm_identifier_id", "user_identifier_id", "email_identifier_id", "phone_identifier_id"),
        ),
    ]
    sql = " union all ".join(build_links_sql(*each) for each in by_rule)
    return run_query(con, sql).cast(LINK_SCHEMA)

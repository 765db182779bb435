"""In which tenth of a score each customer is, night after night, of the scores that rules name.

A rule of the past asks for the tenth of that day, and no past score can be worked out again. So tenths are
kept as stays, in `pred_customer_segments` under the names `<field>:<tenth>`, from the first night that has a
rule on the score.
"""

import duckdb
import numpy as np
import pyarrow as pa

from expectations.contracts.home import HomePaths
from expectations.contracts.lake import PRED_CUSTOMER_SCORES, PRED_CUSTOMER_SEGMENTS
from segments.fields import OF_SCORES
from segments.in_force import select_in_force
from segments.parsing.flaws import SegmentError
from segments.to_sql import DEFINITIONS
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.queries import run_query
from spark_jobs.lake.tables import Lake
from spark_jobs.score.scorable_customers import ScorableCustomers

IS_TENTH = "segment_id like '%:%'"  # no segment's own id has a colon
# A night that is run again takes back what it wrote: stays that began with it, and ends that it gave.
CONTINUED = f"""
    with

    before as (
        select
            segment_id, customer_id, entered_date,
            case when left_date < $1 then left_date end as left_date, score
        from stays
        where
            {IS_TENTH} and entered_date < $1
            and (not $2 or customer_id in (select customer_id from allowed))
    ),

    named as (
        select field, trait from scores_of_fields
        where list_contains($3, field) or field in (select split_part(segment_id, ':', 1) from before)
    ),

    tonight as (
        select named.field || ':' || scores.decile as segment_id, scores.customer_id, scores.decile as score
        from scores
        join named on scores.trait = named.trait
        where scores.customer_id in (select customer_id from allowed)
    )

    select
        coalesce(going_on.segment_id, tonight.segment_id) as segment_id,
        coalesce(going_on.customer_id, tonight.customer_id) as customer_id,
        coalesce(going_on.entered_date, $1) as entered_date,
        case when tonight.customer_id is null then $1 end as left_date,
        cast(1 as integer) as place,
        cast(coalesce(tonight.score, going_on.score) as double) as score
    from (select * from before where left_date is null) as going_on
    full join tonight
        on going_on.segment_id = tonight.segment_id and going_on.customer_id = tonight.customer_id
    union all
    select segment_id, customer_id, entered_date, left_date, cast(1 as integer), score
    from before
    where left_date is not null
    order by all
"""


def continue_tenths(
    paths: HomePaths, lake: Lake, con: duckdb.DuckDBPyConnection, scorable: ScorableCustomers
) -> pa.Table:
    """The stays in tenths behind tonight's scores, as rows of `pred_customer_segments`.

    Args:
        con: without tables of the names that are used here.
    """
    fields, traits = zip(*OF_SCORES.items(), strict=True)
    allowed = np.array(scorable.customer_ids, dtype=object)[scorable.allowed].tolist()
    rows = run_query(
        con,
        CONTINUED,
        (scorable.scored_date, scorable.are_restrictions_known, list_named_fields(paths)),
        stays=lake.read_arrow(PRED_CUSTOMER_SEGMENTS),
        scores=lake.read_arrow(PRED_CUSTOMER_SCORES, ["customer_id", "trait", "decile"]),
        allowed=pa.table({"customer_id": pa.array(allowed, pa.string())}),
        scores_of_fields=pa.table({"field": fields, "trait": traits}),
    )
    return rows.cast(build_arrow_schema(PRED_CUSTOMER_SEGMENTS))


def list_named_fields(paths: HomePaths) -> list[str]:
    """The fields of profile and predictions that the definitions in force name."""
    try:
        return select_in_force(DEFINITIONS, paths.segment_definitions).rules.profile_fields
    except SegmentError:
        return []  # nothing is in force; what is kept goes on

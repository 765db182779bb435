"""What live segments begin with after a night: the state of each customer's events, and what definitions ask
beside them.

A state is a function of the customer's events, so it is built anew only where these, or the definitions, are
others than last night. Where time or something beside the events may have changed an answer, the state of
before is asked again. The rest stays as it is: a night costs what changed. Events are read customer by
customer, so what is held does not grow with the shop.
"""

import logging
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import duckdb
import pyarrow as pa

from expectations.contracts.lake import FEAT_LIVE_SEGMENTS, FEAT_SEGMENT_STATES
from segments.live import LiveProgram
from segments.shop_days import find_end_of_day
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import RunContext, TableReport
from spark_jobs.warehouse.live_definitions import LiveTexts, load_live_texts
from spark_jobs.warehouse.segment_bases import BaseBuilder, Known
from spark_jobs.warehouse.segment_queries import (
    format_contexts,
    format_digests,
    format_events,
)

BATCH = 2_000  # customers whose rows are held at once
SCHEMA = build_arrow_schema(FEAT_SEGMENT_STATES)

logger = logging.getLogger(__name__)


class Counts(NamedTuple):
    """How many rows are as they were, were built of events, were asked again, and are gone; and how many
    memberships of those made anew the warehouse's SQL says otherwise.
    """

    unchanged: int
    built: int
    asked: int
    gone: int
    differing: int = 0


def write_segment_states(
    context: RunContext, lake: Lake, connection: duckdb.DuckDBPyConnection
) -> list[TableReport]:
    """Make `feat_live_segments` and `feat_segment_states` hold what the night says.

    Args:
        connection: tonight's file is attached to it as `warehouse`.
    """
    texts = load_live_texts(context.settings, lake, connection)
    before = lake.version(FEAT_LIVE_SEGMENTS), lake.version(FEAT_SEGMENT_STATES)
    lake.replace_rows(texts.list_rows(), FEAT_LIVE_SEGMENTS)
    counts = Counts(0, 0, 0, 0)
    ((as_of,),) = connection.execute("select as_of from warehouse.main.dim_warehouse").fetchall()
    if texts.program or lake.exists(FEAT_SEGMENT_STATES):
        counts = update_states(lake, connection, texts, as_of)
    return [
        TableReport(
            FEAT_LIVE_SEGMENTS.name, before[0], lake.version(FEAT_LIVE_SEGMENTS), n_rows=len(texts.texts)
        ),
        TableReport(
            FEAT_SEGMENT_STATES.name,
            before[1],
            lake.version(FEAT_SEGMENT_STATES),
            n_rows=sum(counts[:3]),
            n_updated=counts.built + counts.asked,
            n_unchanged=counts.unchanged,
            detail=counts._asdict(),
        ),
    ]


def update_states(lake: Lake, connection: duckdb.DuckDBPyConnection, texts: LiveTexts, as_of: date) -> Counts:
    """Write the states where one differs."""
    if texts.program is None:
        n_gone = lake.read_arrow(FEAT_SEGMENT_STATES, ["customer_id"]).num_rows
        lake.replace_rows([], FEAT_SEGMENT_STATES)
        return Counts(0, 0, 0, n_gone)
    end = find_end_of_day(texts.program.program.calendar, as_of)
    prepare(lake, connection, texts.program, as_of, end)
    counts = count_work(connection)
    if counts.built or counts.asked or counts.gone or not lake.exists(FEAT_SEGMENT_STATES):
        builder = BaseBuilder(texts.program, end)
        batches = list_batches(connection, builder, format_events(texts.program))
        lake.overwrite(pa.RecordBatchReader.from_batches(SCHEMA, batches), FEAT_SEGMENT_STATES)
        counts = counts._replace(differing=builder.n_differing)
    if counts.differing:
        logger.warning("%d memberships differ between SQL and the evaluator", counts.differing)
    return counts


def prepare(
    lake: Lake, connection: duckdb.DuckDBPyConnection, program: LiveProgram, as_of: date, end: int
) -> None:
    """Create `work`: each customer, what is known of them beside events, both digests, and what is to be
    done: `built`, `asked` or `unchanged`.
    """
    lake.create_view(connection, FEAT_SEGMENT_STATES, "old_states")
    connection.execute(f"create or replace table contexts as {format_contexts(program)}", {"day": as_of})
    connection.execute(f"create or replace table digests as {format_digests(program)}")
    connection.execute(
        """
        create or replace table work as
        select
            contexts.customer_id,
            contexts.known,
            coalesce(digests.events_digest, '') as events_digest,
            contexts.context_digest,
            case
                when old.customer_id is null or old.fingerprint != $fingerprint
                    or old.events_digest != coalesce(digests.events_digest, '') then 'built'
                when old.context_digest != contexts.context_digest or old.changes_at <= $end then 'asked'
                else 'unchanged'
            end as what
        from contexts
        left join digests on contexts.customer_id = digests.customer_id
        left join old_states as old on contexts.customer_id = old.customer_id
        """,
        {"fingerprint": program.fingerprint, "end": end},
    )


def count_work(connection: duckdb.DuckDBPyConnection) -> Counts:
    """What is to be done."""
    found = dict(connection.execute("select what, count(*) from work group by what").fetchall())
    ((gone,),) = connection.execute(
        "select count(*) from old_states where customer_id not in (select customer_id from work)"
    ).fetchall()
    return Counts(found.get("unchanged", 0), found.get("built", 0), found.get("asked", 0), gone)


def list_batches(
    connection: duckdb.DuckDBPyConnection, builder: BaseBuilder, events_query: str
) -> Iterator[pa.RecordBatch]:
    """All rows: those that stay, those asked again, those built."""
    stay = (
        "select old.* from old_states as old"
        " semi join (from work where what = 'unchanged') as work using (customer_id)"
    )
    yield from connection.cursor().sql(stay).to_arrow_reader(BATCH)
    asked = connection.cursor().execute(
        "select work.customer_id, known, work.events_digest, work.context_digest, old.base"
        " from work join old_states as old using (customer_id) where what = 'asked'"
    )
    while rows := asked.fetchmany(BATCH):
        yield make_batch([builder.ask_again(Known(*row[:4]), row[4]) for row in rows])
    events = connection.cursor().execute(events_query)
    yield from build_batches(builder, events)


def build_batches(builder: BaseBuilder, events: duckdb.DuckDBPyConnection) -> Iterator[pa.RecordBatch]:
    """The rows that are built, of their events in the order of customers; who has none comes once."""
    built, known, own = [], None, []
    while rows := events.fetchmany(10 * BATCH):
        for row in rows:
            if known is None or row[0] != known.customer_id:
                if known is not None:
                    built.append(builder.build(known, own))
                known, own = Known(*row[:4]), []
            if row[4] is not None:
                own.append(row[4:])
            if len(built) >= BATCH:
                yield make_batch(built)
                built = []
    if known is not None:
        built.append(builder.build(known, own))
    if built:
        yield make_batch(built)


def make_batch(rows: list[tuple]) -> pa.RecordBatch:
    """Rows in the columns of the table."""
    columns = zip(*rows, strict=True)
    return pa.RecordBatch.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )

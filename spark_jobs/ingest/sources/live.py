"""Events that were sent to the service, as its event log holds them.

A record's ids are those of one of the shop's own sources (`source`), so an event that came over HTTP and one
in a file belong to one customer, and an order's id is that of the orders feed. A source of its own all the
same (ADR 39): its files come from the service, its refused records too, and its landing date is the shop's
day on which the service received them.
"""

from dataclasses import replace
from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.ingest.consents import declare_consents
from spark_jobs.ingest.live_records import CLAIMED_USER, QUARANTINED, read_live_records
from spark_jobs.ingest.parse_values import trim_to_null
from spark_jobs.ingest.plain_events import EventTyper
from spark_jobs.ingest.segment_events import declare_events_feed, transform_events
from spark_jobs.ingest.segment_format import COLUMNS, ID_FIELDS
from spark_jobs.sources.declaration import ServiceLog, Source, SourceContext
from spark_jobs.sources.plain_typing import typed_plainly_by

# `CLAIMED_USER`: who a visitor claimed to be without the proof that it takes. No identifier is made of it.
LIVE_COLUMNS = (*COLUMNS, "source", CLAIMED_USER, QUARANTINED)


@typed_plainly_by(EventTyper)
def transform_live_events(received: DataFrame, context: SourceContext) -> DataFrame:
    """As `transform_events`; what the service refused stays refused, also when it is read again from the raw
    table, which holds no reasons.
    """
    refusal = F.from_json(F.col("raw").getField(QUARANTINED), "struct<reason:string,detail:string>")
    marked = received.withColumn("unreadable", F.coalesce("unreadable", refusal))
    id_source = F.coalesce(trim_to_null(F.col("raw.source")), F.lit(context.source))
    return transform_events(marked, context, id_source)


SOURCE = Source(
    name="live",
    time_zone=None,
    catalogue=None,
    origin=ServiceLog("events", folder="event_log", time_field="receivedAt", is_awaited=True, has_topic=True),
    feeds=(
        replace(
            declare_events_feed(file_pattern="*.jsonl"),
            columns=LIVE_COLUMNS,
            read_records=partial(
                read_live_records,
                columns=LIVE_COLUMNS,
                id_columns=tuple(each.path for each in ID_FIELDS if not each.json_path),
            ),
            transform=transform_live_events,
            is_prechecked=True,
        ),
    ),
    derived_tables=(declare_consents("events", "user_identifier_id", "anonymous_identifier_id"),),
)

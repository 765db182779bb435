"""What the published warehouse knows of one customer, as entries of a timeline."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from serving_app.segments.warehouse import Night
from serving_app.timelines.entries import CONSENT, EVENT, IDENTITY, LIST, ORDER, SEGMENT, Entry, Page

# What a night says of a day holds by the day's end, which it is told at: the shop's midnight, in UTC.
END_OF_DAY = (
    "timezone('UTC', timezone($zone, cast({} as timestamp) + interval 1 day)) - interval 1 microsecond"
)
QUERIES = {
    EVENT: """
        select
            occurred_at as happened_at, interaction_type as what, interaction_id as key,
            item_id, quantity, request_id
        from fct_interactions
        where customer_id = $customer_id and order_id is null
        union all by name
        select events.at as happened_at, event_type as what, event_id as key
        from main_intermediate.int_sent_events as events
        where customer_id = $customer_id and item_id is null and order_id is null
    """,
    ORDER: """
        select
            ordered_at as happened_at, if(is_return, 'returned', 'ordered') as what,
            source || '/' || order_id || ' ' || what as key, order_id, n_units as quantity,
            cast(amount as varchar) as amount, currency, request_id
        from fct_orders
        where customer_id = $customer_id
    """,
    LIST: """
        select
            any_value(served_at) as happened_at, 'served' as what, request_id as key, request_id,
            any_value(placement) as placement, list(item_id order by item_rank) as items,
            coalesce(list(item_id order by item_rank) filter (n_clicks > 0), []) as clicked
        from fct_impressions
        where customer_id = $customer_id
        group by request_id
    """,
    SEGMENT: f"""
        select
            {END_OF_DAY.format("changed_at")} as happened_at, change as what,
            segment_id || ' ' || change as key, segment_id, reason
        from fct_segment_changes
        where customer_id = $customer_id and key || ' ' || cast(cast(changed_at as date) as varchar)
            not in (select unnest(cast($told as varchar[])))
    """,
    # of everybody who has become this customer, whatever they were called then
    IDENTITY: f"""
        with recursive ids as (
            select $customer_id as id
            union
            select changes.customer_id
            from fct_identity_changes as changes
            inner join ids on changes.to_customer_id = ids.id
            where changes.change in ('merged', 'renamed')
        )
        select
            {END_OF_DAY.format("landing_date")} as happened_at, change as what, change_id as key,
            because as reason,
            nullif(
                if(change = 'split' and to_customer_id not in (from ids), to_customer_id, customer_id),
                $customer_id
            ) as other_customer_id
        from fct_identity_changes
        where customer_id in (from ids) or to_customer_id in (from ids)
    """,
    CONSENT: """
        select
            consented_at as happened_at, if(is_granted, 'granted', 'withdrawn') as what,
            purpose || ' ' || source || ' ' || feed || ' ' || what as key, purpose
        from fct_customer_consents
        where customer_id = $customer_id
        qualify is_granted is distinct from lag(is_granted) over (
            partition by purpose order by consented_at, is_granted
        )
    """,
}
COLUMNS = (
    "happened_at",
    "kind",
    "key",
    "what",
    "item_id",
    "quantity",
    "order_id",
    "amount",
    "currency",
    "request_id",
    "placement",
    "items",
    "clicked",
    "segment_id",
    "other_customer_id",
    "purpose",
    "reason",
)
# each column once, so that a page of one kind has them all
NO_ROW = """
    select
        null::timestamp as happened_at, null::varchar as kind, null::varchar as key, null::varchar as what,
        null::varchar as item_id, null::bigint as quantity, null::varchar as order_id,
        null::varchar as amount, null::varchar as currency, null::varchar as request_id,
        null::varchar as placement, null::varchar[] as items, null::varchar[] as clicked,
        null::varchar as segment_id, null::varchar as other_customer_id, null::varchar as purpose,
        null::varchar as reason
    where false
"""


def read_night_entries(
    night: Night, time_zone: str, customer_id: str, page: Page, told: Sequence[str] = ()
) -> list[Entry]:
    """The newest entries of a page, and one more where there is one.

    Args:
        time_zone: the shop's.
        told: turns of segments that are told to the moment, as `<segment_id> entered <day>`, and left out.
    """
    kinds = [kind for kind in QUERIES if kind in page.kinds]
    if not kinds:
        return []
    parts = [NO_ROW, *(f"select '{kind}' as kind, * from ({QUERIES[kind]})" for kind in kinds)]
    at, kind, key = page.before
    before = "(happened_at, kind, key) < ($at, $kind, $key)"
    query = f"""
        select {", ".join(f"entries.{name}" for name in COLUMNS)}, dim_items.title
        from (
            select * from ({" union all by name ".join(parts)}) where {before}
            order by happened_at desc, kind desc, key desc limit {page.limit + 1}
        ) as entries
        left join dim_items on entries.item_id = dim_items.item_id
    """
    values = {"at": at.astimezone(UTC).replace(tzinfo=None), "kind": kind, "key": key}
    parameters = {"customer_id": customer_id, **values}
    if {SEGMENT, IDENTITY} & {*kinds}:
        parameters["zone"] = time_zone
    if SEGMENT in kinds:
        parameters["told"] = [*told]
    return [make_entry(row) for row in night.ask(query, parameters)]


def make_entry(row: tuple[Any, ...]) -> Entry:
    """The entry of a row of the query."""
    fields = dict(zip((*COLUMNS, "title"), row, strict=True))
    at: datetime = fields.pop("happened_at")
    lists = {name: fields[name] and tuple(fields[name]) for name in ("items", "clicked")}
    if lists["items"]:
        lists["clicked"] = lists["clicked"] or ()
    return Entry(**{**fields, **lists, "at": at.replace(tzinfo=UTC)})

"""What is asked of a night's DuckDB file for the states of live segments."""

from segments.evaluation.carts import CART_TYPES
from segments.events import ATTRIBUTES, Event
from segments.live import LiveProgram
from segments.sql.literals import quote_text
from segments.sql.night_relations import format_fields

WAREHOUSE = "warehouse.main_intermediate."
LEFT_LATELY = 40  # days; who left a segment before is not told of it any more
# The columns of an event, in the order of `Event`. Decimals become doubles, moments microseconds.
RENAMED = {"at": "epoch_us(events.at)", "type": "events.event_type"}
DECIMALS = ("price", "quantity", "amount")
EVENT_COLUMNS = tuple(
    RENAMED.get(name) or (f"cast(events.{name} as double)" if name in DECIMALS else f"events.{name}")
    for name in Event._fields
)


def list_event_types(program: LiveProgram) -> list[str]:
    """The types of events that the definitions look at; carts are made of three."""
    types = set(program.program.attributes)
    if "empty_cart" in types:
        types = (types - {"empty_cart"}) | CART_TYPES
    return sorted(types)


def format_types(program: LiveProgram) -> str:
    """These types as a list of SQL."""
    return ", ".join(map(quote_text, list_event_types(program))) or "''"


def format_digests(program: LiveProgram) -> str:
    """A query of a digest of each customer's events, in no order of theirs: `customer_id, events_digest`."""
    read = sorted(
        {name for names in program.program.attributes.values() for name in names} & ATTRIBUTES.keys()
    )
    columns = ", ".join(f"events.{name}" for name in ("at", "event_id", "event_type", *read))
    return f"""
        select customer_id, count(*) || ':' || sum(hash({columns})) as events_digest
        from {WAREHOUSE}int_segment_events as events
        where event_type in ({format_types(program)})
        group by customer_id
    """


def format_contexts(program: LiveProgram) -> str:
    """A query of what is known beside events of whoever may be measured: `customer_id, known` (JSON: fields,
    lists, stays of lately, and the currency of amounts where one is asked for), `context_digest`. `$day` is
    the last day.
    """
    required = program.requirements
    fields = format_fields(required.fields).replace("main_intermediate.", WAREHOUSE)
    names = ", ".join(f"{name} := asked.{name}" for name in sorted(required.fields))
    lists = ", ".join(map(quote_text, sorted(required.lists)))
    on_lists = (
        f"(select list(list_name order by list_name) from {WAREHOUSE}int_list_members as members"
        f" where members.customer_id = customers.customer_id and list_name in ({lists}))"
    )
    known = f"""to_json(struct_pack(
        fields := {f"struct_pack({names})" if names else "null"},
        lists := {on_lists if lists else "null"},
        stays := stays.stays{", currency := currencies.currency" if asks_for_amounts(program) else ""}
    ))"""
    join = "left join asked on customers.customer_id = asked.customer_id" if names else ""
    if asks_for_amounts(program):
        join += f" left join {WAREHOUSE}int_customer_currencies as currencies on"
        join += " customers.customer_id = currencies.customer_id"
    return f"""
        with asked as ({fields}),
        stays as (
            select
                customer_id,
                list([segment_id, cast(entered_at as date)::varchar, cast(left_at as date)::varchar]
                    order by segment_id, entered_at) as stays
            from warehouse.main.fct_customer_segments
            where left_at is null or left_at >= $day - {LEFT_LATELY}{format_stays(program)}
            group by customer_id
        ),
        customers as (
            select customer_id from warehouse.main.feat_customers
            where customer_id not in (
                select customer_id from {WAREHOUSE}int_customer_consents where has_analytics_consent = false
            )
        )
        select customers.customer_id, {known} as known, md5({known}) as context_digest
        from customers
        left join stays on customers.customer_id = stays.customer_id
        {join}
    """


def asks_for_amounts(program: LiveProgram) -> bool:
    """Whether a definition asks for amounts, which are added in a customer's own currency alone."""
    return any("amount" in names for names in program.program.attributes.values())


def format_stays(program: LiveProgram) -> str:
    """The condition of stays that the definitions ask for, however old they are."""
    names = ", ".join(map(quote_text, program.stay_segments))
    return f" or segment_id in ({names})" if names else ""


def format_events(program: LiveProgram) -> str:
    """A query of the events of those whose state is built, customer by customer, in order: what `Known` has,
    then the columns of an event; a row without an event of who has none.
    """
    columns = ", ".join(EVENT_COLUMNS)
    return f"""
        select work.customer_id, work.known, work.events_digest, work.context_digest, {columns}
        from (from work where what = 'built') as work
        left join (
            from {WAREHOUSE}int_segment_events where event_type in ({format_types(program)})
        ) as events on work.customer_id = events.customer_id
        order by work.customer_id, events.at, events.event_id
    """

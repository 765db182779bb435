"""When a cart became empty: derived from what was put in, taken out and bought.

Of an item the cart holds what was put in minus what was taken out, never below 0, and 0 after a purchase of
it; a quantity that is not known is 1, and an event without an item moves nothing. A sum that may not go below
0 is the sum minus its least value so far, where that is below 0: two running windows. Purchases part a
customer's history of an item into sums of their own.
"""

from collections.abc import Sequence

from segments.sql.relations import RELATIONS
from segments.sql.transpile import transpile

ORDER = "order by e.at, e.event_id"
SO_FAR = f"{ORDER} rows between unbounded preceding and current row"
OF_ITEM = f"partition by e.customer_id, e.item_id, e.n_purchases {SO_FAR}"
PARTS = {
    "moves": f"""
        select e.*,
            case e.event_type
                when 'cart' then coalesce(e.quantity, 1) when 'uncart' then -coalesce(e.quantity, 1) else 0
            end as moved,
            sum(case when e.event_type = 'purchase' then 1 else 0 end) over (
                partition by e.customer_id, e.item_id {SO_FAR}
            ) as n_purchases
        from sent_events e
        where e.event_type in ('cart', 'uncart', 'purchase') and e.item_id is not null""",
    "sums": f"select e.*, sum(e.moved) over ({OF_ITEM}) as total from moves e",
    "lows": f"select e.*, min(e.total) over ({OF_ITEM}) as lowest from sums e",
    # Held is what exceeds the lowest sum so far, where that is below 0; else what exceeds 0.
    "held": """
        select e.*,
            case when e.total > case when e.lowest < 0 then e.lowest else 0 end then 1 else 0 end as is_held
        from lows e""",
    "changes": f"""
        select e.*, e.is_held - coalesce(lag(e.is_held) over (
            partition by e.customer_id, e.item_id {ORDER}
        ), 0) as change
        from held e""",
    "counts": f"""
        select e.*, sum(e.change) over (partition by e.customer_id {SO_FAR}) as n_held
        from changes e""",
}


FINAL = "from counts e where e.event_type = 'uncart' and e.n_held = 0 and e.change < 0"
DERIVED = {"event_id": "e.event_id || ':empty'", "event_type": "'empty_cart'"}


def derive_empty_carts(source: str, dialect: str = "duckdb") -> str:
    """The query of a relation of events together with an `empty_cart` event for every `uncart` that left
    nothing in the cart, in the columns of `events`.

    Args:
        source: what the events are read from; it holds no `empty_cart` of its own.
    """
    columns = list(RELATIONS["events"])
    sent = ", ".join(f"e.{name}" for name in columns)
    final = f"select {sent} from sent_events e union all {select_empty_carts(columns)}"
    return format_query(source, final, dialect)


def format_empty_carts(source: str, columns: Sequence[str], dialect: str = "duckdb") -> str:
    """The query of the `empty_cart` events of a relation of events alone, in these columns."""
    return format_query(source, select_empty_carts(columns), dialect)


def select_empty_carts(columns: Sequence[str]) -> str:
    """The select of the events that are derived."""
    selected = ", ".join(f"{DERIVED.get(name, 'e.' + name)} as {name}" for name in columns)
    return f"select {selected} {FINAL}"


def format_query(source: str, final: str, dialect: str) -> str:
    """The parts that count carts, and what is selected of them."""
    parts = [f"{name} as ({transpile(part, dialect)})" for name, part in PARTS.items()]
    imported = f"sent_events as (select * from {source})"
    return "with\n\n" + ",\n\n".join([imported, *parts]) + f"\n\n{transpile(final, dialect)}\n"

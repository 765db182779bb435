"""What a rule reads of the published warehouse, of everybody at the end of one of its days.

`dim_` and `int_customer_states` hold every day's answer of every customer; scores are ranks among that day's
buyers, worked out here as they are defined (segments/README.md), so a definition may ask for a share of spend
that no rule of the night asked for.
"""

from collections.abc import Iterable

from segments.fields import NIGHT_FIELDS, PROFILE_FIELDS
from segments.sql.relations import KINDS

EVENTS = "main_intermediate.int_segment_events"
LIST_MEMBERS = "main_intermediate.int_list_members"
LIST_ITEMS = "main_intermediate.int_list_items"
PROFILE_CHANGES = "main_intermediate.int_profile_changes"
STATES = """
    select * from main_intermediate.int_customer_states
    where state_date <= $day and (next_date is null or next_date > $day)
"""
RANKS = """
    select
        customer_id,
        count(*) over () as n_buyers,
        count(*) over (partition by coalesce(currency, '')) as n_payers,
        min(last_order_date) over () < max(last_order_date) over () as is_comparable,
        rank() over (order by last_order_date desc) - 1 as n_more_recent,
        rank() over (order by n_orders) - 1 as n_less_frequent,
        rank() over (partition by coalesce(currency, '') order by amount_spent) - 1 as n_spent_less
    from states
    where n_orders > 0
"""
SCORES = """
    select
        customer_id,
        case when is_comparable then 5 - 5 * n_more_recent // n_buyers end as recency_score,
        case when is_comparable then 1 + 5 * n_less_frequent // n_buyers end as frequency_score,
        case when is_comparable then 1 + 5 * n_spent_less // n_payers end as monetary_score,
        100 * n_spent_less // n_payers as spend_percentile
    from ranks
"""
INPUTS = """
    select
        states.customer_id,
        $day - first_seen_date as days_since_first_seen,
        $day - last_seen_date as days_since_last_seen,
        $day - first_order_date as days_since_first_order,
        $day - last_order_date as days_since_last_order,
        $day - last_cart_date as days_since_last_cart,
        n_orders,
        n_orders_90d,
        n_returns,
        amount_spent,
        amount_spent_90d,
        amount_returned,
        amount_spent - amount_returned as amount_net,
        case
            when amount_spent > 0 then least(floor(100 * amount_returned / amount_spent), 1000000)
        end as returned_percent,
        floor(
            100 * ($day - last_order_date) * (n_order_days - 1)
            / nullif(last_order_date - first_order_date, 0)
        ) as overdue_percent,
        n_consumable_days,
        n_views_30d,
        n_carts_30d,
        last_cart_at is not null and (last_order_at is null or last_cart_at > last_order_at)
            as has_open_cart,
        n_category_lines,
        case
            when n_category_lines > 0 then floor(100 * n_favourite_lines / n_category_lines)
        end as favourite_category_percent,
        recency_score,
        frequency_score,
        monetary_score,
        (frequency_score + monetary_score + 1) // 2 as value_score,
        spend_percentile
    from states
    left join scores on states.customer_id = scores.customer_id
"""


def format_fields(names: Iterable[str]) -> str:
    """A query of these fields of everybody who was a customer by the end of `$day`: `customer_id`, and a
    column for each.
    """
    asked = sorted(name for name in names if name in NIGHT_FIELDS)
    columns = [f"cast({name} as {KINDS[NIGHT_FIELDS[name].kind]}) as {name}" for name in asked]
    of_profile = [name for name in asked if name in PROFILE_FIELDS]
    profiles = f", profiles as ({format_profiles(of_profile)})" if of_profile else ""
    joined = " left join profiles on inputs.customer_id = profiles.customer_id" if of_profile else ""
    return (
        f"with states as ({STATES}), ranks as ({RANKS}), scores as ({SCORES}), inputs as ({INPUTS}){profiles}"
        f" select {', '.join(['inputs.customer_id', *columns])} from inputs{joined}"
    )


def format_profiles(names: Iterable[str]) -> str:
    """A query of what profile and predictions said at the end of `$day`: a column for each of some fields."""
    columns = ", ".join(f"max(case when field = '{name}' then field_value end) as {name}" for name in names)
    return f"""
        select customer_id, {columns}
        from (
            select customer_id, field, nullif(max_by(field_value, changed_on), '') as field_value
            from {PROFILE_CHANGES}
            where changed_on <= $day
            group by customer_id, field
        )
        group by customer_id
    """

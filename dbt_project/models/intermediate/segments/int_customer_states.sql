{{ config(
    materialized='incremental',
    incremental_strategy='replace_customers',
    unique_key='customer_id',
    on_schema_change='fail'
) }}
-- depends_on: {{ ref('int_build__changed_customers') }}
-- Days to come are here too: those on which something of today leaves a window.
-- So of a customer of whom nothing is new nothing is worked out.

{% set totals = {
    'n_orders': 'integer', 'n_order_days': 'integer', 'n_orders_90d': 'integer',
    'n_returns': 'integer', 'amount_spent': 'decimal(38, 4)',
    'amount_spent_90d': 'decimal(38, 4)', 'amount_returned': 'decimal(38, 4)',
    'n_consumable_days': 'integer', 'n_views_30d': 'integer',
    'n_carts_30d': 'integer', 'n_category_lines': 'integer',
} -%}
{% set so_far -%}
    over (
        partition by days.customer_id order by days.state_date
        rows between unbounded preceding and current row
    )
{%- endset -%}

with

changes as (
    select * from {{ ref('int_state_changes') }}
),

favourites as (
    select * from {{ ref('int_favourite_lines') }}
),

days as (
    select
        customer_id,
        state_date,
        min(currency) as currency,
        max(seen_date) as seen_date,
        max(order_date) as order_date,
        max(cart_date) as cart_date,
        {% for total in totals -%}
            sum({{ total }}) as {{ total }},
        {% endfor -%}
        max(last_order_at) as last_order_at,
        max(last_cart_at) as last_cart_at
    from changes
    group by customer_id, state_date
),

final as (
    select
        days.customer_id,
        days.state_date,
        lead(days.state_date) over (
            partition by days.customer_id order by days.state_date
        ) as next_date,
        days.currency,
        min(days.seen_date) {{ so_far }} as first_seen_date,
        max(days.seen_date) {{ so_far }} as last_seen_date,
        min(days.order_date) {{ so_far }} as first_order_date,
        max(days.order_date) {{ so_far }} as last_order_date,
        max(days.cart_date) {{ so_far }} as last_cart_date,
        {% for total, type in totals.items() -%}
            cast(sum(days.{{ total }}) {{ so_far }} as {{ type }})
                as {{ total }},
        {% endfor -%}
        cast(max(favourites.n_favourite_lines) {{ so_far }} as integer)
            as n_favourite_lines,
        max(days.last_order_at) {{ so_far }} as last_order_at,
        max(days.last_cart_at) {{ so_far }} as last_cart_at
    from days
    left join favourites
        on
            days.customer_id = favourites.customer_id
            and days.state_date = favourites.counted_date
)

select * from final

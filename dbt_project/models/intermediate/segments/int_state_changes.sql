{{ config(materialized='view') }}
-- What a day adds to a customer's totals, and what the last 30 and 90 days lose
-- on the day it leaves them.

with

counted_days as (
    select * from {{ ref('int_counted_days') }}
),

added as (
    select
        customer_id,
        counted_date as state_date,
        currency,
        counted_date as seen_date,
        case when n_orders > 0 then counted_date end as order_date,
        case when n_carts > 0 then counted_date end as cart_date,
        n_orders,
        case when n_orders > 0 then 1 else 0 end as n_order_days,
        n_orders as n_orders_90d,
        n_returns,
        coalesce(amount_spent, 0) as amount_spent,
        coalesce(amount_spent, 0) as amount_spent_90d,
        coalesce(amount_returned, 0) as amount_returned,
        n_consumable_days,
        n_views as n_views_30d,
        n_carts as n_carts_30d,
        coalesce(n_category_lines, 0) as n_category_lines,
        last_order_at,
        last_cart_at
    from counted_days
),

final as (
    select * from added
    {% for days in (30, 90) %}
        union all
        select
            customer_id,
            {{ add_days('state_date', days) }} as state_date,
            currency,
            cast(null as date) as seen_date,
            cast(null as date) as order_date,
            cast(null as date) as cart_date,
            0 as n_orders,
            0 as n_order_days,
            {{ '-n_orders_90d' if days == 90 else 0 }} as n_orders_90d,
            0 as n_returns,
            0 as amount_spent,
            {{ '-amount_spent_90d' if days == 90 else 0 }} as amount_spent_90d,
            0 as amount_returned,
            0 as n_consumable_days,
            {{ '-n_views_30d' if days == 30 else 0 }} as n_views_30d,
            {{ '-n_carts_30d' if days == 30 else 0 }} as n_carts_30d,
            0 as n_category_lines,
            cast(null as timestamp) as last_order_at,
            cast(null as timestamp) as last_cart_at
        from added
        where
        {{ 'n_orders_90d > 0 or amount_spent_90d <> 0' if days == 90
           else 'n_views_30d > 0 or n_carts_30d > 0' }}
    {%- endfor %}
)

select * from final

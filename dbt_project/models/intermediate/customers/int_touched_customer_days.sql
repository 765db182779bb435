{{ config(materialized='view') }}

with

touched_days as (
    select * from {{ ref('int_build__touched_days') }}
),

activities as (
    select * from {{ ref('int_activities') }}
    {% if is_incremental_build() %}
        where activity_date in (select touched_date from touched_days)
    {% endif %}
),

days as (
    select
        customer_id,
        activity_date,
        count(distinct case when activity = 'sale' then order_key end)
            as n_orders,
        count(distinct case when activity = 'return' then order_key end)
            as n_returns,
        max(case when activity = 'sale' and is_consumable then 1 else 0 end)
            as n_consumable_days,
        count(case when activity = 'view' then 1 end) as n_views,
        count(case when activity = 'cart' then 1 end) as n_carts,
        max(case when activity = 'sale' then activity_at end)
            as last_order_at,
        max(case when activity = 'cart' then activity_at end)
            as last_cart_at
    from activities
    group by customer_id, activity_date
),

final as (
    select
        customer_id,
        activity_date,
        cast(n_orders as integer) as n_orders,
        cast(n_returns as integer) as n_returns,
        cast(n_consumable_days as integer) as n_consumable_days,
        cast(n_views as integer) as n_views,
        cast(n_carts as integer) as n_carts,
        last_order_at,
        last_cart_at
    from days
)

select * from final

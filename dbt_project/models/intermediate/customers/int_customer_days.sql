{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched_days',
    unique_key='activity_date',
    on_schema_change='fail'
) }}
-- depends_on: {{ ref('int_build__touched_days') }}
-- depends_on: {{ ref('int_build__changed_customers') }}
-- which looks back at this table as the last build left it.

with

days as (
    select * from {{ ref('int_touched_customer_days') }}
),

final as (
    select
        customer_id,
        activity_date,
        n_orders,
        n_returns,
        n_consumable_days,
        n_views,
        n_carts,
        last_order_at,
        last_cart_at
    from days
)

select * from final

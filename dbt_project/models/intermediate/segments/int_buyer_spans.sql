{{ config(
    materialized='incremental',
    incremental_strategy='replace_customers',
    unique_key='customer_id',
    on_schema_change='fail'
) }}
-- The scores compare these three values; all days of a customer on which none
-- of them changed are one row.

with

states as (
    select * from {{ ref('int_customer_states') }}
    {{ where_customer_changed() }}
),

spans as (
    select
        customer_id,
        currency,
        last_order_date,
        n_orders,
        amount_spent,
        min(state_date) as from_date
    from states
    where n_orders > 0
    group by customer_id, currency, last_order_date, n_orders, amount_spent
),

final as (
    select
        customer_id,
        from_date,
        lead(from_date) over (
            partition by customer_id order by from_date
        ) as next_date,
        coalesce(currency, '') as currency,
        last_order_date,
        n_orders,
        amount_spent
    from spans
)

select * from final

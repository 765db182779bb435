{{ config(materialized='view') }}

with

days as (
    select * from {{ ref('int_evaluation_days') }}
),

states as (
    select * from {{ ref('int_customer_states') }}
),

final as (
    select
        days.customer_id,
        days.state_date,
        {{ days_between('states.first_seen_date', 'days.state_date') }}
            as days_since_first_seen,
        {{ days_between('states.last_seen_date', 'days.state_date') }}
            as days_since_last_seen,
        {{ days_between('states.first_order_date', 'days.state_date') }}
            as days_since_first_order,
        {{ days_between('states.last_order_date', 'days.state_date') }}
            as days_since_last_order,
        {{ days_between('states.last_cart_date', 'days.state_date') }}
            as days_since_last_cart,
        coalesce(states.currency, '') as currency,
        {{ days_between(
            'states.last_order_date', "cast('2000-01-01' as date)"
        ) }} as days_before_2000,
        states.n_orders,
        states.n_order_days,
        states.n_orders_90d,
        states.n_returns,
        states.amount_spent,
        states.amount_spent_90d,
        states.amount_returned,
        states.n_consumable_days,
        states.n_views_30d,
        states.n_carts_30d,
        states.n_category_lines,
        states.n_favourite_lines,
        states.last_order_at,
        states.last_cart_at
    from days
    inner join states
        on
            days.customer_id = states.customer_id
            and days.begins_on = states.state_date
)

select * from final

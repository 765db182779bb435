with

spine as (
    select * from {{ ref('int_spine') }}
),

customer_days as (
    select * from {{ ref('int_counted_days') }}
),

-- Totals of a customer by the end of a day, and how long ago things happened.
known as (
    select
        spine.customer_id,
        spine.state_date,
        {{ days_between('customer_days.counted_date', 'spine.state_date') }}
            as days_ago,
        customer_days.n_orders,
        customer_days.n_returns,
        customer_days.amount_spent,
        customer_days.amount_returned,
        customer_days.n_consumable_days,
        customer_days.n_views,
        customer_days.n_carts,
        customer_days.last_order_at,
        customer_days.last_cart_at
    from spine
    inner join customer_days
        on
            spine.customer_id = customer_days.customer_id
            and spine.state_date >= customer_days.counted_date
),

final as (
    select
        customer_id,
        state_date,
        cast(max(days_ago) as integer) as days_since_first_seen,
        cast(min(days_ago) as integer) as days_since_last_seen,
        cast(max(case when n_orders > 0 then days_ago end) as integer)
            as days_since_first_order,
        cast(min(case when n_orders > 0 then days_ago end) as integer)
            as days_since_last_order,
        cast(min(case when n_carts > 0 then days_ago end) as integer)
            as days_since_last_cart,
        cast(sum(n_orders) as integer) as n_orders,
        cast(count(case when n_orders > 0 then 1 end) as integer)
            as n_order_days,
        cast(sum(case when days_ago < 90 then n_orders else 0 end) as integer)
            as n_orders_90d,
        cast(sum(n_returns) as integer) as n_returns,
        cast(coalesce(sum(amount_spent), 0) as decimal(38, 4)) as amount_spent,
        cast(
            coalesce(sum(case when days_ago < 90 then amount_spent end), 0)
            as decimal(38, 4)
        ) as amount_spent_90d,
        cast(coalesce(sum(amount_returned), 0) as decimal(38, 4))
            as amount_returned,
        cast(sum(n_consumable_days) as integer) as n_consumable_days,
        cast(sum(case when days_ago < 30 then n_views else 0 end) as integer)
            as n_views_30d,
        cast(sum(case when days_ago < 30 then n_carts else 0 end) as integer)
            as n_carts_30d,
        max(last_order_at) as last_order_at,
        max(last_cart_at) as last_cart_at
    from known
    group by customer_id, state_date
)

select * from final

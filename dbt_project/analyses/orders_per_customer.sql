-- How many orders do customers place, and what share of the money comes from
-- each?

with

customers as (
    select * from {{ ref('dim_customers') }}
    where n_orders > 0
),

grouped as (
    select
        coalesce({{ in_shop_currency('amount_spent') }}, 0) as amount_spent,
        least(n_orders, 10) as n_orders_up_to_10
    from customers
),

final as (
    select
        n_orders_up_to_10,
        count(*) as n_customers,
        sum(amount_spent) as amount_spent,
        round(
            100.0 * cast(sum(amount_spent) as double)
            / nullif(cast(sum(sum(amount_spent)) over () as double), 0), 1
        ) as amount_percent
    from grouped
    group by n_orders_up_to_10
)

select * from final
order by n_orders_up_to_10

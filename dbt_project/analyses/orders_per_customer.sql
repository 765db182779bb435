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
        n_orders,
        case
            when n_orders < 10 then cast(n_orders as varchar)
            else '10 or more'
        end as orders_placed
    from customers
),

final as (
    select
        orders_placed,
        min(n_orders) as fewest_orders,
        count(*) as n_customers,
        sum(amount_spent) as amount_spent,
        round(
            100.0 * cast(sum(amount_spent) as double)
            / nullif(cast(sum(sum(amount_spent)) over () as double), 0), 1
        ) as amount_percent
    from grouped
    group by orders_placed
)

select
    orders_placed,
    n_customers,
    amount_spent,
    amount_percent
from final
order by fewest_orders

-- How much had those spent who have not ordered for long?

with

customers as (
    select * from {{ ref('dim_customers') }}
    where n_orders > 0
),

grouped as (
    select
        coalesce({{ in_shop_currency('amount_spent') }}, 0) as amount_spent,
        n_orders,
        recency_days,
        case
            when recency_days < 30 then 'less than 30 days'
            when recency_days < 60 then '30 to 59 days'
            when recency_days < 90 then '60 to 89 days'
            when recency_days < 180 then '90 to 179 days'
            else '180 days or longer'
        end as since_last_order
    from customers
),

final as (
    select
        since_last_order,
        min(recency_days) as fewest_days,
        count(*) as n_customers,
        count(case when n_orders > 1 then 1 end) as n_who_had_bought_again,
        sum(amount_spent) as amount_spent
    from grouped
    group by since_last_order
)

select
    since_last_order,
    n_customers,
    n_who_had_bought_again,
    amount_spent
from final
order by fewest_days

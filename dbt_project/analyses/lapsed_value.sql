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
        case
            when recency_days < 30 then '1 less than 30 days'
            when recency_days < 60 then '2 30 to 59 days'
            when recency_days < 90 then '3 60 to 89 days'
            when recency_days < 180 then '4 90 to 179 days'
            else '5 180 days or longer'
        end as since_last_order
    from customers
),

final as (
    select
        since_last_order,
        count(*) as n_customers,
        count(case when n_orders > 1 then 1 end) as n_who_had_bought_again,
        sum(amount_spent) as amount_spent
    from grouped
    group by since_last_order
)

select * from final
order by since_last_order

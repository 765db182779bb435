-- How many customers are there, and how many of them have bought, and bought
-- again?

with

customers as (
    select * from {{ ref('dim_customers') }}
),

kinds as (
    select
        coalesce({{ in_shop_currency('amount_spent') }}, 0) as amount_spent,
        case
            when n_orders > 1 then '4 bought again'
            when n_orders = 1 then '3 bought once'
            when is_known then '2 known, never bought'
            else '1 anonymous, never bought'
        end as customer_kind
    from customers
),

final as (
    select
        customer_kind,
        count(*) as n_customers,
        round(100.0 * count(*) / sum(count(*)) over (), 1) as customer_percent,
        sum(amount_spent) as amount_spent
    from kinds
    group by customer_kind
)

select * from final
order by customer_kind

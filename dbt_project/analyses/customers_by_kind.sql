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
            when n_orders > 1 then 'bought again'
            when n_orders = 1 then 'bought once'
            when is_known then 'known, never bought'
            else 'anonymous, never bought'
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
order by
    case customer_kind
        when 'anonymous, never bought' then 1
        when 'known, never bought' then 2
        when 'bought once' then 3
        else 4
    end

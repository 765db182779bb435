with

currencies as (
    select * from {{ ref('int_customer_currencies') }}
),

orders as (
    select
        orders_of_all.*,
        currencies.currency as customer_currency,
        orders_of_all.currency = currencies.currency as is_added
    from {{ ref('int_orders') }} as orders_of_all
    inner join currencies
        on orders_of_all.customer_id = currencies.customer_id
),

totals as (
    select
        customer_id,
        count(case when not is_return then 1 end) as n_orders,
        count(case when is_return then 1 end) as n_returns,
        count(case when not is_added then 1 end) as n_other_currency_orders,
        sum(case when is_added and not is_return then amount else 0 end)
            as amount_spent,
        -sum(case when is_added and is_return then amount else 0 end)
            as amount_returned,
        min(case when not is_return then ordered_at end) as first_order_at,
        max(case when not is_return then ordered_at end) as last_order_at,
        max(case when not is_return then ordered_date end) as last_order_date,
        max(ordered_at) as last_seen_at,
        customer_currency as currency
    from orders
    group by customer_id, customer_currency
),

cadences as (
    select * from {{ ref('int_customer_cadences') }}
),

final as (
    select
        totals.customer_id,
        cast(totals.n_orders as integer) as n_orders,
        cast(totals.n_returns as integer) as n_returns,
        cast(totals.n_other_currency_orders as integer)
            as n_other_currency_orders,
        cast(totals.amount_spent as decimal(38, 4)) as amount_spent,
        cast(totals.amount_returned as decimal(38, 4)) as amount_returned,
        cast(totals.amount_spent - totals.amount_returned as decimal(38, 4))
            as amount_net,
        totals.first_order_at,
        totals.last_order_at,
        -- An order dated after today is of today; null: never bought.
        case
            when totals.last_order_date > {{ as_of() }} then 0
            else {{ days_between('totals.last_order_date', as_of()) }}
        end as recency_days,
        totals.last_seen_at,
        totals.currency,
        cadences.cadence_days
    from totals
    left join cadences
        on totals.customer_id = cadences.customer_id
)

select * from final

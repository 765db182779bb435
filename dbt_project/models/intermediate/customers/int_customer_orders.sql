with

orders as (
    select * from {{ ref('int_orders') }}
    where customer_id is not null
),

totals as (
    select
        customer_id,
        count(case when not is_return then 1 end) as n_orders,
        count(case when is_return then 1 end) as n_returns,
        sum(case when is_return then 0 else amount end) as amount_spent,
        sum(case when is_return then -amount else 0 end) as amount_returned,
        min(case when not is_return then ordered_at end) as first_order_at,
        max(case when not is_return then ordered_at end) as last_order_at,
        max(ordered_at) as last_seen_at,
        max(currency) as currency
    from orders
    group by customer_id
),

order_days as (
    select
        customer_id,
        ordered_date,
        lag(ordered_date) over (
            partition by customer_id order by ordered_date
        ) as ordered_before
    from orders
    where not is_return
    group by customer_id, ordered_date
),

gaps as (
    select
        customer_id,
        {{ days_between('ordered_before', 'ordered_date') }} as days_apart
    from order_days
    where ordered_before is not null
),

cadences as (
    select
        customer_id,
        cast(median(days_apart) as double precision) as cadence_days
    from gaps
    group by customer_id
),

final as (
    select
        totals.customer_id,
        cast(totals.n_orders as integer) as n_orders,
        cast(totals.n_returns as integer) as n_returns,
        cast(totals.amount_spent as decimal(38, 4)) as amount_spent,
        cast(totals.amount_returned as decimal(38, 4)) as amount_returned,
        totals.first_order_at,
        totals.last_order_at,
        totals.last_seen_at,
        totals.currency,
        cadences.cadence_days
    from totals
    left join cadences
        on totals.customer_id = cadences.customer_id
)

select * from final

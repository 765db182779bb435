with

dates as (
    select * from {{ ref('dim_dates') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

-- An order dated after today is on its day, though the calendar ends today.
days as (
    select calendar_date as ordered_date
    from dates
    union
    select ordered_date
    from orders
),

totals as (
    select
        ordered_date,
        currency,
        count(case when not is_return then 1 end) as n_orders,
        count(case when not is_return and customer_id is null then 1 end)
            as n_guest_orders,
        count(distinct case when not is_return then customer_id end)
            as n_customers,
        sum(case when not is_return then n_units else 0 end) as n_units,
        sum(case when not is_return then amount else 0 end) as amount_sold,
        -sum(case when is_return then amount else 0 end) as amount_returned
    from orders
    group by ordered_date, currency
),

final as (
    select
        days.ordered_date,
        totals.currency,
        cast(coalesce(totals.n_orders, 0) as integer) as n_orders,
        cast(coalesce(totals.n_guest_orders, 0) as integer) as n_guest_orders,
        cast(coalesce(totals.n_customers, 0) as integer) as n_customers,
        cast(coalesce(totals.n_units, 0) as bigint) as n_units,
        cast(coalesce(totals.amount_sold, 0) as decimal(38, 4))
            as amount_sold,
        cast(coalesce(totals.amount_returned, 0) as decimal(38, 4))
            as amount_returned
    from days
    left join totals
        on days.ordered_date = totals.ordered_date
)

select * from final

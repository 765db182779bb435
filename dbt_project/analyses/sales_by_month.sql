-- What was sold month by month: orders, buyers, the mean order, what came back?

with

orders as (
    select * from {{ ref('fct_orders') }}
),

final as (
    select
        currency,
        {{ get_period_start('month', 'ordered_date') }} as month_starts_on,
        count(case when not is_return then 1 end) as n_orders,
        count(distinct case when not is_return then customer_id end)
            as n_customers,
        sum(case when is_return then 0 else amount end) as amount_sold,
        -sum(case when is_return then amount else 0 end) as amount_returned,
        round(avg(case when not is_return then amount end), 2)
            as mean_order_amount
    from orders
    group by currency, {{ get_period_start('month', 'ordered_date') }}
)

select * from final
order by month_starts_on, currency

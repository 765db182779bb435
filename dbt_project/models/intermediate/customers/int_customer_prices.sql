-- Thirds of the customers by the mean price of a unit they bought.

with

orders as (
    select * from {{ ref('int_customer_orders') }}
    where n_units > 0
),

means as (
    select
        customer_id,
        round(
            cast(amount_spent as double precision) / n_units, 4
        ) as mean_unit_price
    from orders
),

placed as (
    select
        customer_id,
        3 * (rank() over (order by mean_unit_price) - 1) as place,
        count(*) over () as n_customers
    from means
),

final as (
    select
        customer_id,
        case
            when place < n_customers then 'low'
            when place < 2 * n_customers then 'middle'
            else 'high'
        end as price_band
    from placed
)

select * from final

-- Thirds of the customers by the mean price of a unit they bought. Postage and
-- fees are no units: who buys one cheap thing by post is no 'high'.

with

order_lines as (
    select * from {{ ref('int_order_lines') }}
    where customer_id is not null and is_sold and line_type = 'sale'
),

means as (
    select
        customer_id,
        round(
            cast(sum(amount) as double precision) / sum(quantity), 4
        ) as mean_unit_price
    from order_lines
    group by customer_id
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

-- Thirds of the customers who pay in one currency, by the mean price of a unit
-- they bought. Postage and fees are no units: a cheap item bought by post does
-- not make a customer 'high'.

with

currencies as (
    select * from {{ ref('int_customer_currencies') }}
),

order_lines as (
    select
        all_lines.*,
        currencies.currency as customer_currency
    from {{ ref('int_order_lines') }} as all_lines
    inner join currencies
        on
            all_lines.customer_id = currencies.customer_id
            and all_lines.currency = currencies.currency
    where all_lines.is_sold and all_lines.line_type = 'sale'
),

means as (
    select
        customer_id,
        customer_currency,
        round(
            cast(sum(amount) as double precision) / sum(quantity), 4
        ) as mean_unit_price
    from order_lines
    group by customer_id, customer_currency
),

placed as (
    select
        customer_id,
        3 * (
            rank() over (
                partition by customer_currency order by mean_unit_price
            ) - 1
        ) as place,
        count(*) over (partition by customer_currency) as n_customers
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

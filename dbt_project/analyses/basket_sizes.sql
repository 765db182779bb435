-- How large is an order?

with

orders as (
    select * from {{ ref('fct_orders') }}
    where not is_return
),

sized as (
    select
        {{ in_shop_currency('amount') }} as amount,
        n_lines,
        n_units,
        case
            when n_lines < 5 then '1 to 4 lines'
            when n_lines < 10 then '5 to 9 lines'
            when n_lines < 20 then '10 to 19 lines'
            when n_lines < 50 then '20 to 49 lines'
            else '50 lines or more'
        end as basket_size
    from orders
),

final as (
    select
        basket_size,
        min(n_lines) as fewest_lines,
        count(*) as n_orders,
        round(avg(n_units), 1) as mean_units,
        round(avg(amount), 2) as mean_amount,
        coalesce(sum(amount), 0) as amount
    from sized
    group by basket_size
)

select
    basket_size,
    n_orders,
    mean_units,
    mean_amount,
    amount
from final
order by fewest_lines

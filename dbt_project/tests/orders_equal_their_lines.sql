-- Each order is the sum of its lines in its currency, and no sold or returned
-- line is without an order.

with

lines as (
    select
        source,
        order_id,
        line_type = 'return' as is_return,
        currency,
        count(*) as n_lines,
        cast(sum(amount) as decimal(38, 4)) as amount
    from {{ ref('fct_order_lines') }}
    where is_sold or line_type = 'return'
    group by source, order_id, line_type = 'return', currency
),

orders as (
    select
        source,
        order_id,
        is_return,
        currency,
        n_lines - n_other_currency_lines as n_lines,
        amount
    from {{ ref('fct_orders') }}
),

others as (
    select
        source,
        order_id,
        is_return,
        currency
    from {{ ref('fct_orders') }}
    where n_other_currency_lines > 0
)

select
    orders.order_id,
    lines.order_id as order_id_of_lines
from orders
full outer join lines
    on
        orders.source = lines.source
        and orders.order_id = lines.order_id
        and orders.is_return = lines.is_return
        and orders.currency = lines.currency
left join others
    on
        lines.source = others.source
        and lines.order_id = others.order_id
        and lines.is_return = others.is_return
        and lines.currency <> others.currency
where
    others.order_id is null
    and (
        orders.n_lines is distinct from lines.n_lines
        or orders.amount is distinct from cast(lines.amount as decimal(38, 4))
    )

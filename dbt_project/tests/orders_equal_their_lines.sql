-- Each order is the sum of its lines, and no sold or returned line is without
-- an order.

with

lines as (
    select
        source,
        order_id,
        line_type = 'return' as is_return,
        count(*) as n_lines,
        cast(sum(amount) as decimal(38, 4)) as amount
    from {{ ref('fct_order_lines') }}
    where is_sold or line_type = 'return'
    group by source, order_id, line_type = 'return'
)

select
    orders.order_id,
    lines.order_id as order_id_of_lines
from {{ ref('fct_orders') }} as orders
full outer join lines
    on
        orders.source = lines.source
        and orders.order_id = lines.order_id
        and orders.is_return = lines.is_return
where
    orders.n_lines is distinct from lines.n_lines
    or orders.amount is distinct from cast(lines.amount as decimal(38, 4))

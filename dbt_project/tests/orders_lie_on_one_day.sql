{{ config(severity='warn') }}
-- A customer's day counts the orders of that day: one whose lines lie on two
-- days is counted on both in segments, though once in fct_orders.

select
    source,
    order_id
from {{ ref('fct_order_lines') }}
where is_sold and customer_id is not null
group by source, order_id
having count(distinct ordered_date) > 1

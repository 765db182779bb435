{{ config(severity='warn') }}
-- On lines: orders and customers hold amounts of one currency each, and
-- leave out what is in another (n_other_currency_lines and _orders).

select customer_id
from {{ ref('fct_order_lines') }}
where customer_id is not null and (is_sold or line_type = 'return')
group by customer_id
having count(distinct currency) > 1

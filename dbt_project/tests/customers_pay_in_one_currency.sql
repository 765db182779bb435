{{ config(severity='warn') }}
-- A home is one shop; amounts of two currencies would be added up.

select customer_id
from {{ ref('fct_orders') }}
where customer_id is not null
group by customer_id
having count(distinct currency) > 1

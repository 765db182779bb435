{{ config(severity='warn') }}
-- And in one currency: what lines name beside the order's own is left out or
-- counted as the first line's customer's, and listed in rpt_order_conflicts.

select *
from {{ ref('rpt_order_conflicts') }}
where field in ('customer_id', 'currency')

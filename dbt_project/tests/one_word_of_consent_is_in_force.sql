-- Of each customer and purpose exactly one word holds, and no word is newer.

select
    customer_id,
    purpose
from {{ ref('fct_customer_consents') }}
group by customer_id, purpose
having
    count(case when is_in_force then 1 end) <> 1
    or max(case when is_in_force then consented_at end) < max(consented_at)

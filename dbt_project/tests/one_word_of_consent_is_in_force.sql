-- Per customer and purpose exactly one consent is in force, the newest.

select
    customer_id,
    purpose
from {{ ref('fct_customer_consents') }}
group by customer_id, purpose
having
    count(case when is_in_force then 1 end) <> 1
    or max(case when is_in_force then consented_at end) < max(consented_at)

-- Customers who said no to personalization have no features.

select features.customer_id
from {{ ref('feat_customers') }} as features
inner join {{ ref('dim_customers') }} as customers
    on features.customer_id = customers.customer_id
where customers.has_personalization_consent = false

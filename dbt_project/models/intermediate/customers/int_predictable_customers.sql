{{ config(materialized='ephemeral') }}

-- Whoever said no to analytics or to personalization after they were scored is
-- left out at once: scores, clusters and learned segments are of the night
-- before.

with

customers as (
    select * from {{ ref('int_customers') }}
),

consents as (
    select * from {{ ref('int_customer_consents') }}
),

final as (
    select customers.customer_id
    from customers
    left join consents on customers.customer_id = consents.customer_id
    where
        coalesce(consents.has_analytics_consent, true)
        and coalesce(consents.has_personalization_consent, true)
)

select * from final

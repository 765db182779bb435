with

words as (
    select * from {{ ref('int_consent_words') }}
    where is_in_force
),

analytics as (
    select * from words
    where purpose = 'analytics'
),

personalization as (
    select * from words
    where purpose = 'personalization'
),

marketing as (
    select * from words
    where purpose = 'marketing'
),

customers as (
    select distinct customer_id from words
),

final as (
    select
        customers.customer_id,
        analytics.is_granted as has_analytics_consent,
        personalization.is_granted as has_personalization_consent,
        personalization.consented_at as personalization_consent_at,
        personalization.source || '/' || personalization.feed
            as personalization_consent_source,
        marketing.is_granted as has_marketing_consent
    from customers
    left join analytics
        on customers.customer_id = analytics.customer_id
    left join personalization
        on customers.customer_id = personalization.customer_id
    left join marketing
        on customers.customer_id = marketing.customer_id
)

select * from final

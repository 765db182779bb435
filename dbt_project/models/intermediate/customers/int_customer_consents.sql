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

-- A customer whose every record has left the customer file is not personalised
-- for, whatever the consents before.
ended as (
    select
        customer_id,
        max(ended_on) as ended_on,
        min(source) || '/people' as ended_source
    from {{ ref('int_people') }}
    where customer_id is not null
    group by customer_id
    having count(*) = count(ended_on)
),

customers as (
    select customer_id from words
    union
    select customer_id from ended
),

final as (
    select
        customers.customer_id,
        analytics.is_granted as has_analytics_consent,
        personalization.is_granted and ended.customer_id is null
            as has_personalization_consent,
        coalesce(
            cast(ended.ended_on as timestamp), personalization.consented_at
        ) as personalization_consent_at,
        coalesce(
            ended.ended_source,
            personalization.source || '/' || personalization.feed
        ) as personalization_consent_source,
        marketing.is_granted as has_marketing_consent
    from customers
    left join analytics
        on customers.customer_id = analytics.customer_id
    left join personalization
        on customers.customer_id = personalization.customer_id
    left join ended
        on customers.customer_id = ended.customer_id
    left join marketing
        on customers.customer_id = marketing.customer_id
)

select * from final

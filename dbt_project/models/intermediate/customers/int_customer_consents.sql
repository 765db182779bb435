with

consents as (
    select * from {{ ref('stg_core__consents') }}
),

identities as (
    select * from {{ ref('int_identities') }}
),

-- Of two answers given at one time the denial holds.
latest as (
    select
        identifier_id,
        purpose,
        is_granted
    from consents
    qualify
        row_number() over (
            partition by identifier_id, purpose
            order by consented_at desc, is_granted asc
        ) = 1
),

-- Of a customer's identifiers the strictest holds.
by_customer as (
    select
        identities.customer_id,
        latest.purpose,
        min(case when latest.is_granted then 1 else 0 end) as is_granted
    from latest
    inner join identities
        on latest.identifier_id = identities.identifier_id
    group by identities.customer_id, latest.purpose
),

final as (
    select
        customer_id,
        max(case when purpose = 'analytics' then is_granted end) = 1
            as has_analytics_consent,
        max(case when purpose = 'personalization' then is_granted end) = 1
            as has_personalization_consent,
        max(case when purpose = 'marketing' then is_granted end) = 1
            as has_marketing_consent
    from by_customer
    group by customer_id
)

select * from final

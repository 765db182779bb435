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
            order by consented_at desc, is_granted
        ) = 1
),

-- Of a customer's identifiers the strictest holds.
final as (
    select
        identities.customer_id,
        min(case when latest.purpose = 'analytics' then cast(latest.is_granted as integer) end) = 1
            as has_analytics_consent,
        min(case when latest.purpose = 'personalization' then cast(latest.is_granted as integer) end) = 1
            as has_personalization_consent,
        min(case when latest.purpose = 'marketing' then cast(latest.is_granted as integer) end) = 1
            as has_marketing_consent
    from latest
    inner join identities
        on latest.identifier_id = identities.identifier_id
    group by identities.customer_id
)

select * from final

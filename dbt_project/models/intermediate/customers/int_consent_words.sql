with

consents as (
    select * from {{ ref('stg_core__consents') }}
),

identities as (
    select * from {{ ref('int_identities') }}
),

-- One consent may be received for a customer's browser and account at once.
words as (
    select
        identities.customer_id,
        consents.purpose,
        consents.consented_at,
        consents.source,
        consents.feed,
        consents.is_granted
    from consents
    inner join identities
        on consents.identifier_id = identities.identifier_id
    group by
        identities.customer_id,
        consents.purpose,
        consents.consented_at,
        consents.source,
        consents.feed,
        consents.is_granted
),

-- A customer's newest consent is in force, whatever its source; of a yes and a
-- no at one time, the no.
final as (
    select
        *,
        row_number() over (
            partition by customer_id, purpose
            order by consented_at desc, is_granted asc, source asc, feed asc
        ) = 1 as is_in_force
    from words
)

select * from final

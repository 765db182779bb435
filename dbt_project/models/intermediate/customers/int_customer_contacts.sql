{{ config(materialized='ephemeral') }}
-- Never stored here: only dim_customer_contacts may hold what this selects.

with

contacts as (
    select * from {{ ref('stg_core__contacts') }}
),

identities as (
    select * from {{ ref('int_identities') }}
),

-- The record changed last speaks for a customer.
final as (
    select
        identities.customer_id,
        contacts.first_name,
        contacts.last_name,
        contacts.email,
        contacts.phone,
        contacts.source,
        contacts.updated_at
    from contacts
    inner join identities
        on contacts.identifier_id = identities.identifier_id
    qualify
        row_number() over (
            partition by identities.customer_id
            order by
                contacts.updated_at desc nulls last,
                contacts.source asc,
                contacts.record_id asc
        ) = 1
)

select * from final

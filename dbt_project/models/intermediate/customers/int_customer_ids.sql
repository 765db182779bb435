{{ config(materialized='ephemeral') }}
-- Ids of a shop's own systems. Never stored here: personal. They are selected
-- through identities, since a filter of strings on a table of the lake fails
-- where delta-rs has merged (1.6.6 writes string_view).

with

identifiers as (
    select * from {{ ref('stg_core__identifier_values') }}
),

identities as (
    select * from {{ ref('int_identities') }}
    where kind in ('user_id', 'crm_id')
),

final as (
    select
        identifiers.identifier_id,
        identifiers.source,
        identities.kind,
        identifiers.value as source_customer_id,
        identifiers.value_normalised,
        identities.customer_id,
        identifiers.first_seen_at
    from identifiers
    inner join identities
        on identifiers.identifier_id = identities.identifier_id
)

select * from final

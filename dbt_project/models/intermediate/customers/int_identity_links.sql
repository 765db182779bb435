{{ config(materialized='ephemeral') }}
-- A shop has several links for each identifier: one copy of them is enough.

with

links as (
    select * from {{ ref('stg_core__identity_links') }}
),

-- A blocked identifier has a kind and no customer.
identifiers as (
    select * from {{ ref('stg_core__identifiers') }}
),

identities as (
    select * from {{ ref('int_identities') }}
),

final as (
    select
        links.identifier_id_a,
        links.identifier_id_b,
        links.rule,
        identifiers_a.kind as kind_a,
        identifiers_b.kind as kind_b,
        identities_a.customer_id as customer_id_a,
        identities_b.customer_id as customer_id_b,
        links.evidence,
        links.weight,
        links.is_followed,
        links.held_by,
        links.first_seen_at
    from links
    left join identifiers as identifiers_a
        on links.identifier_id_a = identifiers_a.identifier_id
    left join identifiers as identifiers_b
        on links.identifier_id_b = identifiers_b.identifier_id
    left join identities as identities_a
        on links.identifier_id_a = identities_a.identifier_id
    left join identities as identities_b
        on links.identifier_id_b = identities_b.identifier_id
)

select * from final

{{ config(materialized='ephemeral') }}
-- A shop has several links for each identifier: one copy of them is enough.

with

links as (
    select * from {{ ref('stg_core__identity_links') }}
),

identities as (
    select * from {{ ref('int_identities') }}
),

final as (
    select
        links.identifier_id_a,
        links.identifier_id_b,
        links.rule,
        a.kind as kind_a,
        b.kind as kind_b,
        a.customer_id as customer_id_a,
        b.customer_id as customer_id_b,
        links.evidence,
        links.weight,
        links.is_followed,
        links.held_by,
        links.first_seen_at
    from links
    left join identities as a
        on links.identifier_id_a = a.identifier_id
    left join identities as b
        on links.identifier_id_b = b.identifier_id
)

select * from final

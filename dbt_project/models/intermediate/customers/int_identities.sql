-- depends_on: {{ ref('int_build__moved_identifiers') }}
-- which looks back at this table as the last build left it.

with

identities as (
    select * from {{ ref('stg_core__identities') }}
),

identifiers as (
    select * from {{ ref('stg_core__identifiers') }}
),

final as (
    select
        identities.identifier_id,
        identities.customer_id,
        identifiers.kind,
        identifiers.first_seen_at
    from identities
    left join identifiers
        on identities.identifier_id = identifiers.identifier_id
)

select * from final

{{ config(materialized='ephemeral') }}
-- Never stored here: of the warehouse's relations only dim_customer_ids, which
-- is granted on its own, may hold what this selects.

with

source as (
    select * from {{ source('lake', 'core_identifiers') }}
),

renamed as (
    select
        identifier_id,
        kind,
        source,
        value,
        value_normalised,
        {{ to_utc('first_seen_at') }} as first_seen_at
    from source
)

select * from renamed

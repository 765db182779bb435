with

source as (
    select * from {{ source('lake', 'core_identifiers') }}
),

renamed as (
    select
        identifier_id,
        kind,
        source,
        {{ to_utc('first_seen_at') }} as first_seen_at
    from source
)

select * from renamed

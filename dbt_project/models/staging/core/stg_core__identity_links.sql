with

source as (
    select * from {{ source('lake', 'core_identity_links') }}
),

renamed as (
    select
        identifier_id_a,
        identifier_id_b,
        rule,
        evidence,
        weight,
        is_followed,
        held_by,
        {{ to_utc('first_seen_at') }} as first_seen_at
    from source
)

select * from renamed

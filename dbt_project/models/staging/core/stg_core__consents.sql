with

source as (
    select * from {{ source('lake', 'core_consents') }}
),

renamed as (
    select
        identifier_id,
        purpose,
        {{ utc('consented_at') }} as consented_at,
        source,
        is_granted
    from source
)

select * from renamed

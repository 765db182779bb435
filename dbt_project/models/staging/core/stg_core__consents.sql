with

source as (
    select * from {{ source('lake', 'core_consents') }}
),

-- Rows of before 2026-11-28 name no feed and repeat among those that do: they
-- are the customer file's.
renamed as (
    select distinct
        identifier_id,
        purpose,
        {{ to_utc('consented_at') }} as consented_at,
        source,
        coalesce(feed, 'people') as feed,
        is_granted
    from source
)

select * from renamed

{{ config(materialized='ephemeral') }}
-- Never stored here: of the warehouse's relations only the marts that are
-- granted on their own may hold what this selects.

with

source as (
    select * from {{ source('lake', 'core_people') }}
),

renamed as (
    select
        source,
        record_id,
        email_identifier_id,
        phone_identifier_id,
        first_name,
        last_name,
        email,
        phone,
        address_line,
        city,
        postcode,
        birth_date,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at
    from source
)

select * from renamed

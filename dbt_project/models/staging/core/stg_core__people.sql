with

source as (
    select * from {{ source('lake', 'core_people') }}
),

renamed as (
    select
        source,
        record_id,
        crm_identifier_id,
        user_identifier_id,
        email_identifier_id,
        phone_identifier_id,
        country,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        ended_on
    from source
)

select * from renamed

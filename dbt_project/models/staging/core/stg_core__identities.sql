with

source as (
    select * from {{ source('lake', 'core_identities') }}
),

renamed as (
    select
        identifier_id,
        customer_id
    from source
)

select * from renamed

with

source as (
    select * from {{ source('lake', 'core_identity_changes') }}
),

renamed as (
    select
        change_id,
        change,
        customer_id,
        to_customer_id,
        because,
        landing_date,
        run_id
    from source
)

select * from renamed

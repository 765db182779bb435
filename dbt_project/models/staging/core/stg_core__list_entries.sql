with

source as (
    select * from {{ source('lake', 'list_entries') }}
),

renamed as (
    select
        list_name,
        kind,
        entry_id
    from source
)

select * from renamed

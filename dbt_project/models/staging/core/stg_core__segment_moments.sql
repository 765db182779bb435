with

source as (
    select * from {{ source('lake', 'segment_moments') }}
),

renamed as (
    select
        state_date,
        bound,
        {{ to_utc('moment') }} as moment,
        number
    from source
)

select * from renamed

{{ config(materialized='ephemeral') }}

with

source as (
    select * from {{ source('lake', 'pred_customer_segments') }}
),

renamed as (
    select
        segment_id,
        customer_id,
        entered_date,
        left_date
    from source
)

select * from renamed

{{ config(materialized='ephemeral') }}

with

source as (
    select * from {{ source('lake', 'pred_customer_scores') }}
),

renamed as (
    select
        customer_id,
        trait,
        coalesce(probability, expected_spend) as score
    from source
)

select * from renamed

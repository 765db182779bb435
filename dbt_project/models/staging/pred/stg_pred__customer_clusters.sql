{{ config(materialized='ephemeral') }}

with

source as (
    select * from {{ source('lake', 'pred_customer_clusters') }}
),

renamed as (
    select
        customer_id,
        cluster_id,
        cluster_name
    from source
)

select * from renamed

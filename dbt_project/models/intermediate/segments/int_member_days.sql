{{ config(materialized='view') }}
-- Rules that ask how long somebody is in another segment come last: they look
-- at the stays that all others make.

with

final as (
    select
        customer_id,
        segment_id,
        state_date
    from {{ ref('int_segment_days') }}
    union all
    select
        customer_id,
        segment_id,
        state_date
    from {{ ref('int_staying_days') }}
)

select * from final

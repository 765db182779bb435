-- Whose id the night has changed since is somebody new to the models too.

with

stays as (
    select * from {{ ref('stg_pred__customer_segments') }}
),

customers as (
    select * from {{ ref('int_predictable_customers') }}
),

segments as (
    select * from {{ ref('int_segment_definitions') }}
    where kind in ('lookalike', 'prospects')
),

final as (
    select
        stays.customer_id,
        stays.segment_id,
        cast(stays.entered_date as timestamp) as entered_at,
        cast(stays.left_date as timestamp) as left_at
    from stays
    inner join customers on stays.customer_id = customers.customer_id
    inner join segments on stays.segment_id = segments.segment_id
)

select * from final

with

segments as (
    select * from {{ ref('int_segment_definitions') }}
),

stays as (
    select * from {{ ref('fct_customer_segments') }}
    where left_at is null
),

final as (
    select
        segments.segment_id,
        segments.name,
        segments.kind,
        segments.description,
        cast(count(stays.customer_id) as integer) as n_customers
    from segments
    left join stays
        on segments.segment_id = stays.segment_id
    group by
        segments.segment_id,
        segments.name,
        segments.kind,
        segments.description
)

select * from final

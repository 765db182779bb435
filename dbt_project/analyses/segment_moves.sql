-- Which way have customers moved between the RFM groups in the last 30 days?

with

stays as (
    select * from {{ ref('fct_customer_segments') }}
),

segments as (
    select * from {{ ref('dim_segments') }}
    where kind = 'rfm'
),

rfm_stays as (
    select
        stays.customer_id,
        stays.segment_id,
        stays.entered_at,
        lag(stays.segment_id) over (
            partition by stays.customer_id order by stays.entered_at
        ) as came_from,
        max(stays.entered_at) over () as newest_at
    from stays
    inner join segments on stays.segment_id = segments.segment_id
),

final as (
    select
        coalesce(came_from, '(new)') as came_from,
        segment_id as went_to,
        count(*) as n_moves
    from rfm_stays
    where {{ days_between('entered_at', 'newest_at') }} < 30
    group by coalesce(came_from, '(new)'), segment_id
)

select * from final
order by n_moves desc, came_from asc, went_to asc

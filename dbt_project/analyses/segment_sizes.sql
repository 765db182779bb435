-- How has the size of each segment moved, week by week? Each week's Monday, the
-- newest first.

with

sizes as (
    select * from {{ ref('rpt_segment_sizes') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

segments as (
    select * from {{ ref('dim_segments') }}
),

final as (
    select
        segments.kind,
        sizes.segment_id,
        dates.week_starts_on,
        max(sizes.n_customers) as n_customers
    from sizes
    inner join dates on sizes.membership_date = dates.calendar_date
    inner join segments on sizes.segment_id = segments.segment_id
    where sizes.membership_date = dates.week_starts_on
    group by segments.kind, sizes.segment_id, dates.week_starts_on
)

select * from final
order by week_starts_on desc, n_customers desc, segment_id asc

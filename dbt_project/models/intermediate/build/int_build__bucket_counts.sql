{{ config(materialized='view') }}

with

changes as (
    select
        measure,
        score_group,
        score_bucket,
        state_date,
        sum(n_buyers) as n_buyers
    from {{ ref('int_build__score_changes') }}
    group by measure, score_group, score_bucket, state_date
),

buckets as (
    select
        measure,
        score_group,
        score_bucket,
        min(state_date) as first_date
    from changes
    group by measure, score_group, score_bucket
),

final as (
    select
        buckets.measure,
        buckets.score_group,
        buckets.score_bucket,
        calendar.calendar_date as state_date,
        sum(coalesce(changes.n_buyers, 0)) over (
            partition by
                buckets.measure, buckets.score_group, buckets.score_bucket
            order by calendar.calendar_date
            rows between unbounded preceding and current row
        ) as n_buyers
    from buckets
    inner join {{ ref('int_calendar') }} as calendar
        on buckets.first_date <= calendar.calendar_date
    left join changes
        on
            buckets.measure = changes.measure
            and buckets.score_group = changes.score_group
            and buckets.score_bucket = changes.score_bucket
            and calendar.calendar_date = changes.state_date
)

select * from final

-- Counted by who came and who left: a row per customer and day would be as many
-- as the members of all days together.

with

changes as (
    select
        segment_id,
        cast(changed_at as date) as changed_date,
        sum(case when change = 'entered' then 1 else -1 end) as n_customers
    from {{ ref('fct_segment_changes') }}
    group by segment_id, cast(changed_at as date)
),

segments as (
    select
        segment_id,
        min(changed_date) as first_date
    from changes
    group by segment_id
),

sizes as (
    select
        segments.segment_id,
        dates.calendar_date as membership_date,
        sum(coalesce(changes.n_customers, 0)) over (
            partition by segments.segment_id
            order by dates.calendar_date
            rows between unbounded preceding and current row
        ) as n_customers
    from segments
    inner join {{ ref('dim_dates') }} as dates
        on segments.first_date <= dates.calendar_date
    left join changes
        on
            segments.segment_id = changes.segment_id
            and dates.calendar_date = changes.changed_date
),

final as (
    select
        segment_id,
        membership_date,
        cast(n_customers as integer) as n_customers
    from sizes
    where n_customers > 0
)

select * from final

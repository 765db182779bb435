with

calendar as (
    select * from {{ ref('int_calendar') }}
),

final as (
    select
        calendar_date,
        {{ get_period_start('week', 'calendar_date') }} as week_starts_on,
        {{ get_period_start('month', 'calendar_date') }} as month_starts_on
    from calendar
)

select * from final

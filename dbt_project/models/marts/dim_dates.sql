with

calendar as (
    select * from {{ ref('int_calendar') }}
),

final as (
    select
        calendar_date,
        {{ starts('week', 'calendar_date') }} as week_starts_on,
        {{ starts('month', 'calendar_date') }} as month_starts_on
    from calendar
)

select * from final

with

calendar as (
    select * from {{ ref('int_calendar') }}
),

final as (
    select
        calendar_date,
        cast({{ dbt.date_trunc('week', 'calendar_date') }} as date)
            as week_starts_on,
        cast({{ dbt.date_trunc('month', 'calendar_date') }} as date)
            as month_starts_on
    from calendar
)

select * from final

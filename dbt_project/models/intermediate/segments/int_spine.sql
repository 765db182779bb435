with

customer_days as (
    select * from {{ ref('int_customer_days') }}
),

calendar as (
    select * from {{ ref('int_calendar') }}
),

rebuilt as (
    select * from {{ ref('int_build__window') }}
),

first_days as (
    select
        customer_id,
        least(min(activity_date), {{ as_of() }}) as first_date
    from customer_days
    group by customer_id
),

final as (
    select
        first_days.customer_id,
        calendar.calendar_date as state_date
    from calendar
    inner join rebuilt
        on calendar.calendar_date >= rebuilt.rebuilt_from
    inner join first_days
        on calendar.calendar_date >= first_days.first_date
)

select * from final

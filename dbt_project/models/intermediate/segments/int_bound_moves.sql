-- What the end of a window passes from one day to the next: an event in there
-- has left it or come into it. By the date in UTC, which events are joined on.

with

moments as (
    select * from {{ ref('stg_core__segment_moments') }}
    where bound in ({{ list_moved_bounds() }})
),

dates as (
    select calendar_date as date_in_utc
    from {{ ref('int_calendar') }}
    union
    select {{ add_days('calendar_date', 1) }} as date_in_utc
    from {{ ref('int_calendar') }}
    union
    select {{ add_days('calendar_date', -1) }} as date_in_utc
    from {{ ref('int_calendar') }}
),

moves as (
    select
        state_date,
        coalesce(
            lag(moment) over (partition by bound order by state_date),
            cast('1900-01-01' as timestamp)
        ) as moved_from,
        moment as moved_to
    from moments
),

final as (
    select distinct
        moves.state_date,
        dates.date_in_utc,
        moves.moved_from,
        moves.moved_to
    from moves
    inner join dates
        on
            cast(moves.moved_from as date) <= dates.date_in_utc
            and cast(moves.moved_to as date) >= dates.date_in_utc
)

select * from final

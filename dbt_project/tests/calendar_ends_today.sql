-- Tables by day end where the calendar ends; otherwise no other test fails.

with

calendar as (
    select max(calendar_date) as last_date
    from {{ ref('int_calendar') }}
)

select last_date
from calendar
where last_date is distinct from {{ as_of() }}

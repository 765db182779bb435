with

events as (
    select * from {{ ref('stg_core__events') }}
),

lines as (
    select * from {{ ref('stg_core__order_lines') }}
),

first_days as (
    select min(occurred_date) as first_date
    from events
    union all
    select min(ordered_date) as first_date
    from lines
),

beginning as (
    select min(first_date) as first_date
    from first_days
),

digits as (
    {% for digit in range(10) -%}
        select {{ digit }} as digit
        {{ 'union all' if not loop.last }}
    {% endfor -%}
),

-- 100,000 days are 273 years.
numbers as (
    select
        ones.digit + 10 * tens.digit + 100 * hundreds.digit
        + 1000 * thousands.digit + 10000 * ten_thousands.digit as n
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
    cross join digits as ten_thousands
),

-- Counted back from today: from the first day on, one order of 1998 had
-- 10,000 days used up before today, and every segment was empty.
days as (
    select {{ add_days(as_of(), '-numbers.n') }} as calendar_date
    from numbers
),

-- Today is in it even where nothing has happened yet.
final as (
    select days.calendar_date
    from days
    cross join beginning
    where
        days.calendar_date >= beginning.first_date
        or days.calendar_date = {{ as_of() }}
)

select * from final

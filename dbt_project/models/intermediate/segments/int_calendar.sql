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

digits as (
    {% for digit in range(10) -%}
        select {{ digit }} as digit
        {{ 'union all' if not loop.last }}
    {% endfor -%}
),

-- 10,000 days are 27 years.
numbers as (
    select
        ones.digit + 10 * tens.digit + 100 * hundreds.digit
        + 1000 * thousands.digit as n
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
),

days as (
    select {{ add_days('beginning.first_date', 'numbers.n') }} as calendar_date
    from (
        select min(first_date) as first_date
        from first_days
    ) as beginning
    cross join numbers
),

final as (
    select calendar_date
    from days
    where calendar_date <= {{ as_of() }}
)

select * from final

with

built as (
    select * from {{ ref('int_build__window') }}
),

dates as (
    select min(calendar_date) as opened_date
    from {{ ref('dim_dates') }}
),

final as (
    select
        built.as_of,
        dates.opened_date,
        built.newest_date
    from built
    cross join dates
)

select * from final

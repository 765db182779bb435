-- On which weekday and at which hour (UTC) do orders come in? Monday is 1.

with

orders as (
    select * from {{ ref('fct_orders') }}
    where not is_return
),

times as (
    select
        {{ days_between(get_period_start('week', 'ordered_at'), 'ordered_at') }}
        + 1 as day_of_week,
        cast(extract(hour from ordered_at) as integer) as hour_utc
    from orders
),

final as (
    select
        day_of_week,
        hour_utc,
        count(*) as n_orders
    from times
    group by day_of_week, hour_utc
)

select * from final
order by day_of_week, hour_utc

-- On which weekday and at which hour do orders come in? By the shop's clock;
-- Monday is 1.

with

orders as (
    select {{ to_shop_clock('ordered_at') }} as placed_at
    from {{ ref('fct_orders') }}
    where not is_return
),

times as (
    select
        {{ days_between(get_period_start('week', 'placed_at'), 'placed_at') }}
        + 1 as day_of_week,
        cast(extract(hour from placed_at) as integer) as hour_of_day
    from orders
),

final as (
    select
        day_of_week,
        hour_of_day,
        count(*) as n_orders
    from times
    group by day_of_week, hour_of_day
)

select * from final
order by day_of_week, hour_of_day

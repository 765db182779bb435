-- How soon does a second order follow the first, and how often at all? Only
-- customers whose first order is at least so long ago are counted.

with

orders as (
    select * from {{ ref('fct_orders') }}
    where not is_return and customer_id is not null
),

numbered as (
    select
        customer_id,
        ordered_date,
        row_number() over (
            partition by customer_id order by ordered_at, order_id
        ) as order_number,
        max(ordered_date) over () as newest_date
    from orders
),

firsts as (
    select
        customer_id,
        max(newest_date) as newest_date,
        min(case when order_number = 1 then ordered_date end) as first_date,
        min(case when order_number = 2 then ordered_date end) as second_date
    from numbered
    group by customer_id
),

horizons as (
    select 7 as n_days
    union all
    select 30 as n_days
    union all
    select 60 as n_days
    union all
    select 90 as n_days
    union all
    select 180 as n_days
    union all
    select 270 as n_days
),

final as (
    select
        horizons.n_days,
        count(*) as n_customers,
        count(case
            when
                {{ days_between('firsts.first_date', 'firsts.second_date') }}
                < horizons.n_days
                then 1
        end) as n_ordered_again
    from firsts
    inner join horizons
        on
            {{ days_between('firsts.first_date', 'firsts.newest_date') }}
            >= horizons.n_days
    group by horizons.n_days
)

select
    *,
    round(100.0 * n_ordered_again / n_customers, 1) as ordered_again_percent
from final
order by n_days

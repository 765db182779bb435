-- How many days lie between one order of a customer and the next?

with

orders as (
    select * from {{ ref('fct_orders') }}
    where not is_return and customer_id is not null
),

days as (
    select distinct
        customer_id,
        ordered_date
    from orders
),

gaps as (
    select
        {{
            days_between(
                'lag(ordered_date) over (partition by customer_id'
                ~ ' order by ordered_date)',
                'ordered_date'
            )
        }} as n_days
    from days
),

weeks as (
    select 7 * cast(floor((n_days - 1) / 7.0) as integer) + 1 as from_days
    from gaps
    where n_days is not null
),

final as (
    select
        from_days,
        from_days + 6 as to_days,
        count(*) as n_intervals
    from weeks
    group by from_days
)

select * from final
order by from_days

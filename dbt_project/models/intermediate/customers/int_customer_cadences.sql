with

orders as (
    select * from {{ ref('int_orders') }}
    where customer_id is not null and not is_return
),

order_days as (
    select
        customer_id,
        ordered_date,
        lag(ordered_date) over (
            partition by customer_id order by ordered_date
        ) as ordered_before
    from orders
    group by customer_id, ordered_date
),

gaps as (
    select
        customer_id,
        {{ days_between('ordered_before', 'ordered_date') }} as days_apart
    from order_days
    where ordered_before is not null
),

final as (
    select
        customer_id,
        cast(median(days_apart) as double precision) as cadence_days
    from gaps
    group by customer_id
)

select * from final

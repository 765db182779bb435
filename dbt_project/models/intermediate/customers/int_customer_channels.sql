with

orders as (
    select * from {{ ref('int_orders') }}
    where not is_return
),

counted as (
    select
        customer_id,
        channel,
        count(*) as n_orders
    from orders
    where customer_id is not null and channel is not null
    group by customer_id, channel
),

final as (
    select
        customer_id,
        channel
    from counted
    qualify
        row_number() over (
            partition by customer_id order by n_orders desc, channel asc
        ) = 1
)

select * from final

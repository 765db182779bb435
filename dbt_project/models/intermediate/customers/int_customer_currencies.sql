-- A customer's amounts are in the currency of their first order or return;
-- those in another are counted and not added. The first, not the commonest: it
-- does not change with later orders, so rebuilt days need no others.

with

orders as (
    select * from {{ ref('int_orders') }}
    where customer_id is not null
),

final as (
    select
        customer_id,
        currency
    from orders
    qualify
        row_number() over (
            partition by customer_id
            order by ordered_date, ordered_at, is_return, source, order_id
        ) = 1
)

select * from final

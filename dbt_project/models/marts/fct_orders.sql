with

orders as (
    select * from {{ ref('int_orders') }}
),

final as (
    select
        source,
        order_id,
        is_return,
        customer_id,
        ordered_at,
        ordered_date,
        n_lines,
        n_other_currency_lines,
        n_units,
        amount,
        currency,
        country,
        channel,
        session_id,
        request_id,
        device_type,
        campaign
    from orders
)

select * from final

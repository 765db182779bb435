with

order_lines as (
    select * from {{ ref('int_order_lines') }}
),

final as (
    select
        source,
        order_id,
        line_no,
        customer_id,
        item_id,
        ordered_at,
        ordered_date,
        quantity,
        unit_price,
        amount,
        currency,
        line_type,
        is_sold
    from order_lines
)

select * from final

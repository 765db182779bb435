{{ config(materialized='view') }}

with

lines as (
    select * from {{ ref('int_order_line_customers') }}
),

headers as (
    select * from {{ ref('int_order_headers') }}
),

items as (
    select * from {{ ref('int_items') }}
),

final as (
    select
        lines.source,
        lines.order_id,
        lines.line_no,
        headers.customer_id,
        lines.line_customer_id,
        lines.item_id,
        items.category,
        coalesce(items.is_consumable, false) as is_consumable,
        lines.line_type <> 'charge'
        and coalesce(items.is_goods, true) as is_goods,
        lines.ordered_at,
        lines.ordered_date,
        lines.quantity,
        lines.unit_price,
        lines.amount,
        lines.currency,
        lines.line_type,
        lines.is_sold,
        lines.is_returned,
        case
            when lines.is_sold then headers.sold_currency
            when lines.is_returned then headers.returned_currency
        end as order_currency,
        lines.country,
        headers.country as order_country,
        lines.channel,
        headers.channel as order_channel,
        lines.returned_order_id
    from lines
    inner join headers
        on
            lines.source = headers.source
            and lines.order_id = headers.order_id
    left join items
        on lines.item_id = items.item_id
)

select * from final

{{ config(materialized='view') }}
-- A purchase has the visit, place and clock of its web event.

with

order_lines as (
    select * from {{ ref('int_order_lines') }}
    where customer_id is not null
),

final as (
    select
        parts.customer_id,
        parts.ordered_at as at,
        'line:' || parts.source || ':' || parts.order_id || ':'
        || parts.line_no as event_id,
        case when parts.is_returned then 'return' else 'purchase' end
            as event_type,
        parts.item_id,
        parts.unit_price as price,
        abs(parts.quantity) as quantity,
        abs(parts.amount) as amount,
        parts.currency,
        parts.order_id,
        web_orders.session_id,
        web_orders.device_type as device,
        web_orders.campaign,
        parts.country,
        web_orders.latitude,
        web_orders.longitude,
        web_orders.local_minute,
        parts.ordered_date as day
    from order_lines as parts
    left join {{ ref('int_web_orders') }} as web_orders
        on
            parts.source = web_orders.source
            and parts.order_id = web_orders.order_id
            and not parts.is_returned
    where
        parts.is_returned or (parts.is_sold and parts.line_type = 'sale')
)

select * from final

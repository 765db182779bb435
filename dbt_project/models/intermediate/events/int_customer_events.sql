{{ config(materialized='view') }}
-- Where a source has an orders feed, purchases come from it alone.

with

events as (
    select * from {{ ref('int_events') }}
    where customer_id is not null
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
    where customer_id is not null
),

behaved as (
    select
        customer_id,
        occurred_at as at,
        event_id,
        event_type,
        item_id,
        unit_price as price,
        quantity,
        case
            when event_type = 'purchase' and quantity <= 1000000
                then quantity * unit_price
        end as amount,
        currency,
        order_id,
        session_id,
        device_type as device,
        campaign,
        country,
        occurred_date as day
    from events
    where
        event_type not in ('purchase', 'alias', 'group')
        or (
            event_type = 'purchase'
            and source not in (select source from {{ ref('int_order_feeds') }})
        )
),

bought as (
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
        parts.ordered_date as day
    from order_lines as parts
    left join {{ ref('int_web_orders') }} as web_orders
        on
            parts.source = web_orders.source
            and parts.order_id = web_orders.order_id
            and not parts.is_returned
    where
        parts.is_returned or (parts.is_sold and parts.line_type = 'sale')
),

final as (
    select * from behaved
    union all
    select * from bought
)

select * from final

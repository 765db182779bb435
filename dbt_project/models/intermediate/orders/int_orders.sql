-- Hazard: an order may hold sold and returned lines; those are two rows.

with

order_lines as (
    select * from {{ ref('int_order_lines') }}
    where is_sold or is_returned
),

-- What the browser said of an order: joined by its id, counted never.
web_orders as (
    select
        source,
        order_id,
        min(session_id) as session_id,
        min(request_id) as request_id,
        min(device_type) as device_type,
        min(campaign) as campaign
    from {{ ref('int_events') }}
    where event_type = 'purchase' and order_id is not null
    group by source, order_id
),

orders as (
    select
        source,
        order_id,
        is_returned as is_return,
        min(customer_id) as customer_id,
        min(ordered_at) as ordered_at,
        min(ordered_date) as ordered_date,
        cast(count(*) as integer) as n_lines,
        cast(abs(sum(quantity)) as bigint) as n_units,
        cast(sum(amount) as decimal(38, 4)) as amount,
        min(currency) as currency,
        min(country) as country,
        min(channel) as channel
    from order_lines
    group by source, order_id, is_returned
),

final as (
    select
        orders.source,
        orders.order_id,
        orders.is_return,
        orders.customer_id,
        orders.ordered_at,
        orders.ordered_date,
        orders.n_lines,
        orders.n_units,
        orders.amount,
        orders.currency,
        orders.country,
        orders.channel,
        web_orders.session_id,
        web_orders.request_id,
        web_orders.device_type,
        web_orders.campaign
    from orders
    left join web_orders
        on
            orders.source = web_orders.source
            and orders.order_id = web_orders.order_id
            and not orders.is_return
)

select * from final

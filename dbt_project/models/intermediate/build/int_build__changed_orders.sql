-- Hazard: all lines of an order belong to the customer of its first line, so a
-- first line that comes late, or moves to another customer, changes days
-- without a change in their rows; so does a web purchase of another day that
-- names the order. New and removed orders are on changed days.

{% set before = get_previous_relation('int_order_headers') %}
{% set web_before = get_previous_relation('int_web_orders') %}

with

headers as (
    select * from {{ ref('int_order_first_lines') }}
),

web_orders as (
    select * from {{ ref('int_first_web_orders') }}
),

changed_headers as (
    {% if before %}
        select
            headers.source,
            headers.order_id
        from headers
        inner join {{ before }} as headers_before
            on
                headers.source = headers_before.source
                and headers.order_id = headers_before.order_id
        where
            headers.customer_id is distinct from headers_before.customer_id
            or headers.sold_currency
            is distinct from headers_before.sold_currency
            or headers.returned_currency
            is distinct from headers_before.returned_currency
    {% else %}
        select
            headers.source,
            headers.order_id
        from headers
        where 1 = 0
    {% endif %}
),

changed_web_orders as (
    {% if web_before %}
        select
            coalesce(web_orders.source, web_before.source) as source,
            coalesce(web_orders.order_id, web_before.order_id) as order_id
        from web_orders
        full outer join {{ web_before }} as web_before
            on
                web_orders.source = web_before.source
                and web_orders.order_id = web_before.order_id
        where
            web_orders.session_id is distinct from web_before.session_id
            or web_orders.device_type is distinct from web_before.device_type
            or web_orders.campaign is distinct from web_before.campaign
            or web_orders.latitude is distinct from web_before.latitude
            or web_orders.longitude is distinct from web_before.longitude
            or web_orders.local_minute is distinct from web_before.local_minute
    {% else %}
        select
            web_orders.source,
            web_orders.order_id
        from web_orders
        where 1 = 0
    {% endif %}
),

final as (
    select * from changed_headers
    union
    select * from changed_web_orders
)

select * from final

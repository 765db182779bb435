-- Hazard: all lines of an order belong to the customer of its first line, so a
-- first line that comes late, or moves to another customer, changes days
-- without a change in their rows. New and removed orders are on changed days.

{% set before = get_previous_relation('int_order_headers') %}

with

headers as (
    select * from {{ ref('int_order_first_lines') }}
),

headers_before as (
    {% if before %}
        select
            source,
            order_id,
            customer_id,
            sold_currency,
            returned_currency
        from {{ before }}
    {% else %}
        select
            cast(null as varchar) as source,
            cast(null as varchar) as order_id,
            cast(null as varchar) as customer_id,
            cast(null as varchar) as sold_currency,
            cast(null as varchar) as returned_currency
        where 1 = 0
    {% endif %}
),

final as (
    select
        headers.source,
        headers.order_id
    from headers
    inner join headers_before
        on
            headers.source = headers_before.source
            and headers.order_id = headers_before.order_id
    where
        headers.customer_id is distinct from headers_before.customer_id
        or headers.sold_currency
        is distinct from headers_before.sold_currency
        or headers.returned_currency
        is distinct from headers_before.returned_currency
)

select * from final

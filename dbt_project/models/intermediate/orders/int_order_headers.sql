-- depends_on: {{ ref('int_build__changed_orders') }}
-- which looks back at this table as the last build left it.

with

first_lines as (
    select * from {{ ref('int_order_first_lines') }}
),

final as (
    select
        source,
        order_id,
        customer_id,
        country,
        channel,
        sold_currency,
        returned_currency
    from first_lines
)

select * from final

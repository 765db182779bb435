{{ config(materialized='view') }}

with

lines as (
    select * from {{ ref('stg_core__order_lines') }}
),

identities as (
    select * from {{ ref('int_identities') }}
),

items as (
    select * from {{ ref('int_items') }}
),

final as (
    select
        lines.source,
        lines.order_id,
        lines.line_no,
        coalesce(by_user.customer_id, by_email.customer_id) as customer_id,
        lines.item_id,
        items.category,
        coalesce(items.is_consumable, false) as is_consumable,
        lines.ordered_at,
        lines.ordered_date,
        lines.quantity,
        lines.unit_price,
        lines.amount,
        lines.currency,
        lines.line_type,
        lines.line_type in ('sale', 'charge')
        and lines.quantity > 0
        and lines.unit_price > 0 as is_sold,
        lines.line_type = 'return' as is_returned,
        lines.country,
        lines.channel,
        lines.returned_order_id
    from lines
    left join identities as by_user
        on lines.user_identifier_id = by_user.identifier_id
    left join identities as by_email
        on lines.email_identifier_id = by_email.identifier_id
    left join items
        on lines.item_id = items.item_id
)

select * from final

{{ config(materialized='view') }}

with

lines as (
    select * from {{ ref('stg_core__order_lines') }}
),

identities as (
    select * from {{ ref('int_identities') }}
),

final as (
    select
        lines.*,
        coalesce(by_user.customer_id, by_email.customer_id)
            as line_customer_id,
        lines.line_type in ('sale', 'charge')
        and lines.quantity > 0
        and lines.unit_price > 0 as is_sold,
        lines.line_type = 'return' as is_returned
    from lines
    left join identities as by_user
        on lines.user_identifier_id = by_user.identifier_id
    left join identities as by_email
        on lines.email_identifier_id = by_email.identifier_id
)

select * from final

{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched_days',
    unique_key='ordered_date',
    on_schema_change='fail'
) }}

with

touched_days as (
    select * from {{ ref('int_build__touched_days') }}
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
    {% if is_incremental() %}
        where ordered_date in (select touched_date from touched_days)
    {% endif %}
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
        is_sold,
        is_goods,
        country,
        channel,
        returned_order_id
    from order_lines
)

select * from final

{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed_days',
    unique_key='ordered_date',
    on_schema_change='fail'
) }}

with

source as (
    select * from {{ source('lake', 'core_order_lines') }}
    {% if is_incremental() %}
        where {{ is_changed_day('core_order_lines', 'ordered_date') }}
    {% endif %}
),

renamed as (
    select
        source,
        order_id,
        line_no,
        line_type,
        {{ to_utc('ordered_at') }} as ordered_at,
        ordered_date,
        item_id,
        quantity,
        unit_price,
        amount,
        currency,
        user_identifier_id,
        email_identifier_id,
        country,
        channel,
        returned_order_id
    from source
)

select * from renamed

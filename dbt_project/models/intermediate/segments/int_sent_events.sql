{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched_days',
    unique_key='day',
    on_schema_change='fail'
) }}
-- depends_on: {{ ref('int_build__touched_days') }}
-- depends_on: {{ ref('int_build__changed_histories') }}
-- which looks back at this table as the last build left it.

with

events as (
    select * from {{ ref('int_touched_events') }}
),

final as (
    select
        events.customer_id,
        events.at,
        events.event_id,
        events.event_type,
        events.item_id,
        events.category,
        events.brand,
        events.price,
        events.quantity,
        events.amount,
        events.order_id,
        events.session_id,
        events.device,
        events.campaign,
        events.country,
        events.day,
        events.latitude,
        events.longitude,
        events.local_minute,
        events.currency
    from events
)

select * from final

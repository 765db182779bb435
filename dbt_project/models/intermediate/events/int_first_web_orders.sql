{{ config(materialized='ephemeral') }}

with

events as (
    select * from {{ ref('int_events') }}
    where event_type = 'purchase' and order_id is not null
),

final as (
    select
        source,
        order_id,
        session_id,
        request_id,
        device_type,
        campaign,
        latitude,
        longitude,
        local_minute
    from events
    qualify
        row_number() over (
            partition by source, order_id order by occurred_at, event_id
        ) = 1
)

select * from final

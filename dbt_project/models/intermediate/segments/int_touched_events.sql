{{ config(materialized='view') }}
-- The minute of the day is the visitor's own; of an event that does not say its
-- time zone the shop's.

with

events as (
    select * from {{ ref('int_customer_events') }}
    {% if is_incremental_build() %}
        where
            day in (
                select touched_date from {{ ref('int_build__touched_days') }}
            )
    {% endif %}
),

items as (
    select * from {{ ref('int_items') }}
),

final as (
    select
        events.customer_id,
        events.at,
        events.event_id,
        events.event_type,
        events.item_id,
        {{ join_path('items.category_path') }} as category,
        items.brand,
        cast(events.price as decimal(18, 4)) as price,
        cast(events.quantity as decimal(18, 4)) as quantity,
        cast(events.amount as decimal(18, 4)) as amount,
        events.order_id,
        events.session_id,
        events.device,
        events.campaign,
        events.country,
        events.day,
        events.latitude,
        events.longitude,
        coalesce(
            events.local_minute,
            {{ get_minute_of_day(to_shop_clock('events.at')) }}
        ) as local_minute,
        events.currency
    from events
    left join items
        on events.item_id = items.item_id
)

select * from final

{{ config(materialized='view') }}
-- Where a source has an orders feed, purchases come from it alone.

with

events as (
    select * from {{ ref('int_events') }}
    where customer_id is not null
),

behaved as (
    select
        customer_id,
        occurred_at as at,
        event_id,
        event_type,
        item_id,
        unit_price as price,
        quantity,
        case
            when event_type = 'purchase' and quantity <= 1000000
                then quantity * unit_price
        end as amount,
        currency,
        order_id,
        session_id,
        device_type as device,
        campaign,
        country,
        latitude,
        longitude,
        local_minute,
        occurred_date as day
    from events
    where
        event_type not in ('purchase', 'alias', 'group')
        or (
            event_type = 'purchase'
            and source not in (select source from {{ ref('int_order_feeds') }})
        )
),

final as (
    select * from behaved
    union all
    select * from {{ ref('int_line_events') }}
)

select * from final

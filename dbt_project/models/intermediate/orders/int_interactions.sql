{{ config(materialized='view') }}

with

events as (
    select * from {{ ref('stg_core__events') }}
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
),

identities as (
    select * from {{ ref('int_identities') }}
),

order_feeds as (
    select * from {{ ref('int_order_feeds') }}
),

-- Where a shop has an orders feed, it alone says what was bought.
behaviour as (
    select
        'event:' || events.event_id as interaction_id,
        identities.customer_id,
        events.item_id,
        events.event_type as interaction_type,
        events.occurred_at,
        events.occurred_date,
        events.quantity,
        cast(events.quantity * events.unit_price as decimal(18, 4)) as amount,
        events.order_id
    from events
    left join order_feeds
        on events.source = order_feeds.source
    left join identities
        on
            coalesce(events.user_identifier_id, events.anonymous_identifier_id)
            = identities.identifier_id
    where
        events.item_id is not null
        and (
            events.event_type in ('view', 'cart')
            or (events.event_type = 'purchase' and order_feeds.source is null)
        )
),

-- Postage and fees are sold, but nobody is interested in them.
purchases as (
    select
        'line:' || source || ':' || order_id || ':' || line_no as interaction_id,
        customer_id,
        item_id,
        case when is_returned then 'return' else 'purchase' end as interaction_type,
        ordered_at as occurred_at,
        ordered_date as occurred_date,
        quantity,
        amount,
        order_id
    from order_lines
    where
        item_id is not null
        and (is_returned or (is_sold and line_type = 'sale'))
),

final as (
    select * from behaviour
    union all
    select * from purchases
)

select * from final

{{ config(materialized='view') }}

with

events as (
    select * from {{ ref('int_events') }}
    where item_id is not null
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
    where item_id is not null
),

order_feeds as (
    select * from {{ ref('int_order_feeds') }}
),

-- Where a source has an orders feed, purchases come from it alone.
behaved as (
    select
        'event:' || event_id as interaction_id,
        customer_id,
        item_id,
        event_type as interaction_type,
        occurred_at,
        occurred_date,
        quantity,
        -- Ingest refuses more than a million pieces; rows of an older home may
        -- hold more, and their product would not fit the amount.
        case
            when quantity <= 1000000
                then cast(quantity * unit_price as decimal(18, 4))
        end as amount,
        currency,
        order_id,
        request_id
    from events
    where
        event_type in ('view', 'cart', 'uncart', 'click')
        or (
            event_type = 'purchase'
            and source not in (select source from order_feeds)
        )
),

-- Postage and fees are sold, but they show no interest in an item.
bought as (
    select
        'line:' || source || ':' || order_id || ':' || line_no
            as interaction_id,
        customer_id,
        item_id,
        case when is_returned then 'return' else 'purchase' end
            as interaction_type,
        ordered_at as occurred_at,
        ordered_date as occurred_date,
        quantity,
        amount,
        currency,
        order_id,
        cast(null as varchar) as request_id
    from order_lines
    where is_returned or (is_sold and line_type = 'sale')
),

final as (
    select * from behaved
    union all
    select * from bought
)

select * from final

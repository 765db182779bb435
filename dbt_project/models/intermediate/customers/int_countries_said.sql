{{ config(materialized='view') }}

with

final as (
    select
        customer_id,
        source,
        'order' as feed,
        country,
        'core_order_lines/' || source || '/' || order_id as evidence,
        ordered_at as first_said_at,
        ordered_at as said_at
    from {{ ref('int_orders') }}
    where not is_return
    union all
    select
        customer_id,
        source,
        'record' as feed,
        country,
        'core_people/' || source || '/' || record_id as evidence,
        coalesce(created_at, updated_at) as first_said_at,
        coalesce(updated_at, created_at) as said_at
    from {{ ref('int_people') }}
    union all
    select
        customer_id,
        source,
        'event' as feed,
        country,
        'core_events/' || event_id as evidence,
        occurred_at as first_said_at,
        occurred_at as said_at
    from {{ ref('int_events') }}
    union all
    -- A return of twelve lines counts once.
    select
        customer_id,
        source,
        'other_line' as feed,
        country,
        'core_order_lines/' || source || '/' || order_id as evidence,
        min(ordered_at) as first_said_at,
        max(ordered_at) as said_at
    from {{ ref('int_order_lines') }}
    where not is_sold
    group by customer_id, source, order_id, country
)

select * from final

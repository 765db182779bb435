{{ config(materialized='view') }}

with

order_lines as (
    select * from {{ ref('int_order_lines') }}
    where customer_id is not null and (is_sold or is_returned)
),

events as (
    select * from {{ ref('int_events') }}
    where customer_id is not null
),

ordered as (
    select
        customer_id,
        ordered_date as activity_date,
        ordered_at as activity_at,
        case when is_sold then 'sale' else 'return' end as activity,
        source || ':' || order_id as order_key,
        category,
        is_consumable
    from order_lines
),

behaved as (
    select
        customer_id,
        occurred_date as activity_date,
        occurred_at as activity_at,
        event_type as activity,
        cast(null as varchar) as order_key,
        cast(null as varchar) as category,
        false as is_consumable
    from events
),

final as (
    select * from ordered
    union all
    select * from behaved
)

select * from final

-- Equal answers of one feed are one row, with the latest of them as evidence.

with

said as (
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
    select
        customer_id,
        source,
        'other_line' as feed,
        country,
        'core_order_lines/' || source || '/' || order_id as evidence,
        ordered_at as first_said_at,
        ordered_at as said_at
    from {{ ref('int_order_lines') }}
    where not is_sold
),

placed as (
    select
        *,
        row_number() over (
            partition by customer_id, source, feed, country
            order by said_at desc nulls last, evidence asc
        ) as place
    from said
    where customer_id is not null and country is not null
),

final as (
    select
        customer_id,
        source,
        feed,
        country,
        max(case when place = 1 then evidence end) as evidence,
        min(first_said_at) as first_said_at,
        max(said_at) as said_at,
        cast(count(*) as integer) as n_said
    from placed
    group by customer_id, source, feed, country
)

select * from final

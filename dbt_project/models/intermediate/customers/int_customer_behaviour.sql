with

-- Analytics consent is applied here and, for rules and traits, in
-- int_counted_days and int_segment_events: visits of customers who said no to
-- analytics are not counted in their profile.
denied as (
    select customer_id from {{ ref('int_customer_consents') }}
    where has_analytics_consent = false
),

events as (
    select * from {{ ref('int_events') }}
    where
        customer_id is not null
        and customer_id not in (select denied.customer_id from denied)
),

final as (
    select
        customer_id,
        cast(count(distinct session_id) as integer) as n_sessions,
        cast(count(case when event_type = 'view' then 1 end) as integer)
            as n_views,
        cast(count(case when event_type = 'cart' then 1 end) as integer)
            as n_carts,
        max(occurred_at) as last_seen_at
    from events
    group by customer_id
)

select * from final

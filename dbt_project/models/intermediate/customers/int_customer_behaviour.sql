with

events as (
    select * from {{ ref('int_events') }}
    where customer_id is not null
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

{{ config(materialized='view') }}

with

events as (
    select * from {{ ref('stg_core__events') }}
),

identities as (
    select * from {{ ref('int_identities') }}
),

-- What crawlers do is nobody's behaviour: left out here, it is counted, learned
-- and segmented nowhere. An event belongs to the customer of its user id; where
-- there is none, or a blocked one ("null", "test"), to that of its browser.
final as (
    select
        events.*,
        coalesce(by_user.customer_id, by_browser.customer_id) as customer_id
    from events
    left join identities as by_user
        on events.user_identifier_id = by_user.identifier_id
    left join identities as by_browser
        on events.anonymous_identifier_id = by_browser.identifier_id
    where not coalesce(events.is_bot, false)
)

select * from final

{{ config(materialized='view') }}

with

events as (
    select * from {{ ref('stg_core__events') }}
),

identities as (
    select * from {{ ref('int_identities') }}
),

final as (
    select
        events.*,
        identities.customer_id
    from events
    left join identities
        on
            coalesce(events.user_identifier_id, events.anonymous_identifier_id)
            = identities.identifier_id
)

select * from final

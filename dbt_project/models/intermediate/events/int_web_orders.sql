-- depends_on: {{ ref('int_build__changed_orders') }}
-- which looks back at this table as the last build left it. Attributes of an
-- order from the web: joined by its id, never counted. They all come from one
-- event, the first.

with

first_events as (
    select * from {{ ref('int_first_web_orders') }}
),

final as (
    select first_events.*
    from first_events
)

select * from final

-- Days on which an answer over events can change: one of the customer's events
-- comes into a window or leaves it. New days for everybody, days gone by for
-- those whose past is worked out again.

with

rebuilt as (
    select * from {{ ref('int_build__window') }}
),

evaluated as (
    select * from {{ ref('int_build__evaluated_customers') }}
),

events as (
    select * from {{ ref('int_segment_events') }}
),

moves as (
    select moves.*
    from {{ ref('int_bound_moves') }} as moves
    cross join rebuilt
    where moves.state_date <= rebuilt.as_of
),

new_moves as (
    select moves.*
    from moves
    inner join rebuilt
        on moves.state_date >= rebuilt.evaluated_from
),

past_events as (
    select
        events.*,
        evaluated.evaluated_from
    from events
    inner join evaluated
        on events.customer_id = evaluated.customer_id
),

final as (
    select
        events.customer_id,
        moves.state_date
    from events
    inner join new_moves as moves
        on
            cast(events.at as date) = moves.date_in_utc
            and events.at between moves.moved_from and moves.moved_to
    union
    select
        events.customer_id,
        moves.state_date
    from past_events as events
    inner join moves
        on
            cast(events.at as date) = moves.date_in_utc
            and events.at between moves.moved_from and moves.moved_to
            and events.evaluated_from <= moves.state_date
)

select * from final

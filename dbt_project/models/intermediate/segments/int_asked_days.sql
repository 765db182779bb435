{{ config(materialized='view') }}
-- Days on which an answer can change though the customer's state does not, but
-- for those on which the time since something reaches a number. Where a rule
-- asks what nobody can list, that is every day.

with

final as (
    select
        customer_id,
        state_date
    from {{ ref('int_score_crossings') }}
    union all
    select
        customer_id,
        state_date
    from {{ ref('int_event_edges') }}
    union all
    select
        states.customer_id,
        changes.changed_on as state_date
    from {{ ref('int_states_to_evaluate') }} as states
    inner join {{ ref('int_profile_changes') }} as changes
        on
            states.customer_id = changes.customer_id
            and changes.changed_on
            >= greatest(states.state_date, states.evaluated_from)
            and changes.changed_on
            < coalesce(states.next_date, {{ add_days(as_of(), 1) }})
    where changes.field in ({{ list_profile_fields() }})
    {% if asks_every_day() %}
        union all
        select
            states.customer_id,
            calendar.calendar_date as state_date
        from {{ ref('int_states_to_evaluate') }} as states
        inner join {{ ref('int_calendar') }} as calendar
            on
                calendar.calendar_date
                >= greatest(states.state_date, states.evaluated_from)
                and calendar.calendar_date
                < coalesce(states.next_date, {{ add_days(as_of(), 1) }})
    {% endif %}
)

select * from final

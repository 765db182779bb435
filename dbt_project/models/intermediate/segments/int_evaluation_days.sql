-- A rule's answer can change when the customer's state does, when the time
-- since something reaches a number that a rule names, when a cut passes their
-- score's value, and when an event comes into a window or leaves it. On no
-- other day is a rule asked.

with

states as (
    select * from {{ ref('int_states_to_evaluate') }}
),

reached as (
    {{ select_days_reached('states') }}
),

days as (
    select
        customer_id,
        case
            when is_evaluated then greatest(state_date, evaluated_from)
            else state_date
        end as state_date,
        state_date as begins_on,
        is_evaluated or state_date >= evaluated_from as is_asked
    from states
    union all
    select
        customer_id,
        {{ add_days('since_date', 'n_days') }} as state_date,
        cast(null as date) as begins_on,
        true as is_asked
    from reached
    union all
    select
        customer_id,
        state_date,
        cast(null as date) as begins_on,
        true as is_asked
    from {{ ref('int_asked_days') }}
),

joined as (
    select
        customer_id,
        state_date,
        max(begins_on) as begins_on,
        max(case when is_asked then 1 else 0 end) as is_asked
    from days
    group by customer_id, state_date
),

placed as (
    select
        customer_id,
        state_date,
        is_asked,
        max(begins_on) over (
            partition by customer_id order by state_date
            rows between unbounded preceding and current row
        ) as begins_on
    from joined
),

final as (
    select
        customer_id,
        state_date,
        begins_on,
        lead(state_date) over (
            partition by customer_id order by state_date
        ) as next_date,
        row_number() over (
            partition by customer_id order by state_date
        ) as place
    from placed
    where is_asked = 1
)

select * from final

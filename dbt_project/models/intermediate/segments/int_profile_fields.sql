{{ config(materialized='view') }}
-- What the profile and predictions said at the end of an evaluation day, of the
-- fields that rules name; of the others nothing is known here.

with

days as (
    select * from {{ ref('int_evaluation_days') }}
),

latest as (
    select
        days.customer_id,
        days.state_date,
        changes.field,
        max_by(changes.field_value, changes.changed_on) as field_value
    from days
    inner join {{ ref('int_profile_changes') }} as changes
        on
            days.customer_id = changes.customer_id
            and days.state_date >= changes.changed_on
    where changes.field in ({{ list_profile_fields() }})
    group by days.customer_id, days.state_date, changes.field
),

final as (
    select
        customer_id,
        state_date,
        {{ select_profile_fields() }}
    from latest
    group by customer_id, state_date
)

select * from final

{{ config(materialized='ephemeral') }}
-- In which tenth of a score a customer is, from the day of which it was
-- predicted. `score` keeps tenths as stays, of the scores that rules name.

with

tenths as (
    select
        stays.customer_id,
        split_part(stays.segment_id, ':', 1) as field,
        split_part(stays.segment_id, ':', 2) as tenth,
        stays.entered_date,
        stays.left_date
    from {{ ref('stg_pred__customer_segments') }} as stays
    inner join {{ ref('int_predictable_customers') }} as customers
        on stays.customer_id = customers.customer_id
    where stays.segment_id like '%:%'
),

tenth_days as (
    select
        customer_id,
        field,
        entered_date as changed_on,
        tenth
    from tenths
    union all
    select
        customer_id,
        field,
        left_date as changed_on,
        '' as tenth
    from tenths
    where left_date is not null
),

-- Who leaves a tenth and enters another on that day is in the other.
final as (
    select
        customer_id,
        field,
        changed_on,
        max(tenth) as field_value
    from tenth_days
    where changed_on <= {{ as_of() }}
    group by customer_id, field, changed_on
)

select * from final

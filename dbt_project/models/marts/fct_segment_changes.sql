-- Another word on a consent that the rule asks for, or another tenth of a
-- score, explains a change; else a day on which the customer did something. On
-- any other day time has passed, or others have passed them, where the rule
-- compares customers. Who is in a learned segment is a model's word.

with

stays as (
    select * from {{ ref('fct_customer_segments') }}
),

segments as (
    select * from {{ ref('int_segment_definitions') }}
),

active_days as (
    select distinct
        customer_id,
        least(activity_date, {{ as_of() }}) as active_date
    from {{ ref('int_customer_days') }}
),

changes as (
    select
        customer_id,
        segment_id,
        entered_at as changed_at,
        'entered' as change
    from stays
    union all
    select
        customer_id,
        segment_id,
        left_at as changed_at,
        'left' as change
    from stays
    where left_at is not null
),

final as (
    select
        changes.customer_id,
        changes.segment_id,
        changes.changed_at,
        changes.change,
        case
            when segments.kind not in ('rule', 'rfm') then 'model'
            when told.reason is not null then told.reason
            when active_days.customer_id is not null then 'event'
            when segments.is_ranked then 'rank'
            else 'time'
        end as reason
    from changes
    inner join segments
        on changes.segment_id = segments.segment_id
    left join {{ ref('int_told_changes') }} as told
        on
            changes.customer_id = told.customer_id
            and changes.segment_id = told.segment_id
            and cast(changes.changed_at as date) = told.changed_on
    left join active_days
        on
            changes.customer_id = active_days.customer_id
            and cast(changes.changed_at as date) = active_days.active_date
)

select * from final

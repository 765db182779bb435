-- Gaps and islands: a day minus its row number is the same for all days of one
-- run of consecutive days.

with

members as (
    select * from {{ ref('int_segment_days') }}
),

placed as (
    select
        customer_id,
        segment_id,
        state_date,
        row_number() over (
            partition by customer_id, segment_id
            order by state_date
        ) as place
    from members
),

final as (
    select
        customer_id,
        segment_id,
        min(state_date) as first_date,
        max(state_date) as last_date
    from placed
    group by customer_id, segment_id, {{ add_days('state_date', '-place') }}
)

select * from final

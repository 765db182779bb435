-- Gaps and islands: a day's place less its row number is the same for all
-- evaluation days of one stay that follow each other.

with

days as (
    select * from {{ ref('int_evaluation_days') }}
),

members as (
    select
        members_of_day.customer_id,
        members_of_day.segment_id,
        members_of_day.state_date,
        days.next_date,
        days.place - row_number() over (
            partition by members_of_day.customer_id, members_of_day.segment_id
            order by members_of_day.state_date
        ) as island
    from {{ ref('int_segment_days') }} as members_of_day
    inner join days
        on
            members_of_day.customer_id = days.customer_id
            and members_of_day.state_date = days.state_date
),

final as (
    select
        customer_id,
        segment_id,
        min(state_date) as first_date,
        -- The customer's newest day has none after it: the stay is open.
        case
            when count(next_date) = count(*) then max(next_date)
        end as left_date
    from members
    group by customer_id, segment_id, island
)

select * from final

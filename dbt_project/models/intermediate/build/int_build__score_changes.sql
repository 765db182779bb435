-- Days before the first on which a buyer's values changed keep their cuts: what
-- was held by then counts as come on that day.

with

rescored as (
    select * from {{ ref('int_build__window') }}
),

spans as (
    select
        score_values.*,
        rescored.as_of,
        greatest(score_values.from_date, rescored.rescored_from) as begins_on
    from {{ ref('int_score_values') }} as score_values
    cross join rescored
    where
        score_values.from_date <= rescored.as_of
        and (
            score_values.next_date is null
            or score_values.next_date > rescored.rescored_from
        )
),

changes as (
    select
        measure,
        score_group,
        score_bucket,
        score_value,
        begins_on as state_date,
        1 as n
    from spans
    union all
    select
        measure,
        score_group,
        score_bucket,
        score_value,
        next_date as state_date,
        -1 as n
    from spans
    where next_date <= as_of
),

final as (
    select
        measure,
        score_group,
        score_bucket,
        score_value,
        state_date,
        cast(sum(n) as integer) as n_buyers
    from changes
    group by measure, score_group, score_bucket, score_value, state_date
)

select * from final

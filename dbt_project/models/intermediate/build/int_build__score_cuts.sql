-- Within the bucket of a cut values are counted one by one.

with

places as (
    select * from {{ ref('int_build__cut_places') }}
),

changes as (
    select * from {{ ref('int_build__score_changes') }}
),

held as (
    select
        places.state_date,
        places.measure,
        places.score_group,
        places.share,
        places.score_bucket,
        places.place,
        changes.score_value,
        sum(changes.n_buyers) as n_buyers
    from places
    inner join changes
        on
            places.measure = changes.measure
            and places.score_group = changes.score_group
            and places.score_bucket = changes.score_bucket
            and places.state_date >= changes.state_date
    group by
        places.state_date,
        places.measure,
        places.score_group,
        places.share,
        places.score_bucket,
        places.place,
        changes.score_value
),

counted as (
    select
        *,
        sum(n_buyers) over (
            partition by state_date, measure, score_group, share
            order by score_value
            rows between unbounded preceding and current row
        ) as n_up_to
    from held
),

final as (
    select
        state_date,
        measure,
        score_group,
        share,
        score_bucket,
        score_value as cut
    from counted
    where n_up_to >= place and n_up_to - n_buyers < place
)

select * from final

{{ config(materialized='ephemeral') }}
-- The moment at which rules over events are asked of a day, its end, with where
-- their windows begin. Which columns there are depends on the rules.

with

moments as (
    select * from {{ ref('stg_core__segment_moments') }}
    where state_date <= {{ as_of() }}
),

final as (
    select
        state_date,
        {{ select_moment_columns() }}
    from moments
    group by state_date
)

select * from final

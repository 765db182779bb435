{{ config(materialized='view') }}
-- Whose value a cut passes has another score from that day on. When the scores
-- begin to mean something, all buyers have another.

{% set by_day %}
    over (
        partition by measure, score_group, share order by state_date
    )
{%- endset %}

with

cuts as (
    select
        *,
        lag(cut) {{ by_day }} as cut_before,
        lag(score_bucket) {{ by_day }} as bucket_before
    from {{ ref('int_score_cuts') }}
),

spread as (
    select
        state_date,
        min(cut) < max(cut) as is_comparable
    from {{ ref('int_score_cuts') }}
    where measure = 'recency'
    group by state_date
),

compared as (
    select
        state_date,
        is_comparable,
        lag(is_comparable) over (order by state_date) as was_comparable
    from spread
),

final as (
    {{ select_moved_cuts('cuts') }}
    union all
    {{ select_all_buyers_moved('compared') }}
    where is_comparable <> was_comparable
)

select * from final

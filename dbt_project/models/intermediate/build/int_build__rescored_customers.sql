-- Customers of whom nothing is new, and whose score of a day gone by is another
-- because the cut of that day has moved past their value.

{% set before = get_previous_relation('int_score_cuts') %}

with

cuts as (
    select
        now.state_date,
        now.measure,
        now.score_group,
        now.share,
        now.score_bucket,
        now.cut,
        before_this.score_bucket as bucket_before,
        before_this.cut as cut_before
    from {{ ref('int_build__score_cuts') }} as now
    {% if before %}
        inner join {{ before }} as before_this
            on
                now.state_date = before_this.state_date
                and now.measure = before_this.measure
                and now.score_group = before_this.score_group
                and now.share = before_this.share
    {% else %}
        inner join {{ ref('int_build__score_cuts') }} as before_this
            on now.state_date = before_this.state_date
        where 1 = 0
    {% endif %}
),

spread as (
    select
        state_date,
        min(cut) < max(cut) as is_comparable,
        min(cut_before) < max(cut_before) as was_comparable
    from cuts
    where measure = 'recency'
    group by state_date
),

moved as (
    {{ select_moved_cuts('cuts') }}
    union all
    {{ select_all_buyers_moved('spread') }}
    where is_comparable <> was_comparable
),

final as (
    select
        passed.customer_id,
        min(passed.state_date) as rescored_from
    from (
        {{ select_passed_buyers('moved', ref('int_score_values')) }}
    ) as passed
    group by passed.customer_id
)

select * from final

{{ config(materialized='view') }}
-- Days on which a cut passes a customer's value: new days for everybody, days
-- gone by for those whose past is worked out again.

with

rebuilt as (
    select * from {{ ref('int_build__window') }}
),

evaluated as (
    select * from {{ ref('int_build__evaluated_customers') }}
),

moves as (
    select * from {{ ref('int_score_cut_moves') }}
),

new_moves as (
    select moves.*
    from moves
    inner join rebuilt
        on moves.state_date >= rebuilt.evaluated_from
),

past_moves as (
    select moves.*
    from moves
    inner join rebuilt
        on moves.state_date < rebuilt.evaluated_from
),

evaluated_values as (
    select *
    from {{ ref('int_score_values') }}
    where customer_id in (select customer_id from evaluated)
),

passed as (
    {{ select_passed_buyers('new_moves', ref('int_score_values')) }}
    union all
    {{ select_passed_buyers('past_moves', 'evaluated_values') }}
),

final as (
    select distinct
        passed.customer_id,
        passed.state_date
    from passed
    left join evaluated
        on passed.customer_id = evaluated.customer_id
    where
        evaluated.evaluated_from is null
        or passed.state_date >= evaluated.evaluated_from
)

select * from final

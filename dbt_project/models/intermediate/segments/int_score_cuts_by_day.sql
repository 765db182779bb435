{{ config(materialized='ephemeral') }}
-- Which columns there are depends on the rules: one for each share of spend
-- that one of them asks for.

with

cuts as (
    select * from {{ ref('int_score_cuts') }}
),

cuts_of_all as (
    select
        state_date,
        {{ select_cuts_by_share('recency') }},
        {{ select_cuts_by_share('frequency') }}
    from cuts
    where measure in ('recency', 'frequency')
    group by state_date
),

cuts_of_payers as (
    select
        state_date,
        score_group as currency,
        {{ select_cuts_by_share('money') }}
    from cuts
    where measure = 'money'
    group by state_date, score_group
),

final as (
    select
        cuts_of_payers.*,
        {{ list_cut_columns('cuts_of_all', ['recency', 'frequency']) }}
    from cuts_of_payers
    inner join cuts_of_all
        on cuts_of_payers.state_date = cuts_of_all.state_date
)

select * from final

{{ config(
    materialized='incremental',
    incremental_strategy='replace_rescored_days',
    unique_key='state_date',
    on_schema_change='fail'
) }}
-- depends_on: {{ ref('int_build__window') }}
-- depends_on: {{ ref('int_build__rescored_customers') }}
-- which looks back at this table as the last build left it.

with

cuts as (
    select * from {{ ref('int_build__score_cuts') }}
),

final as (
    select
        state_date,
        measure,
        score_group,
        share,
        score_bucket,
        cut
    from cuts
)

select * from final

{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched_days',
    unique_key='day',
    on_schema_change='fail'
) }}
-- depends_on: {{ ref('int_build__touched_days') }}
-- depends_on: {{ ref('int_build__changed_histories') }}
-- which looks back at this table as the last build left it.

with

events as (
    select * from {{ ref('int_touched_events') }}
),

final as (
    select events.*
    from events
)

select * from final

{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched_days',
    unique_key='activity_date',
    on_schema_change='fail'
) }}

with

touched_days as (
    select * from {{ ref('int_build__touched_days') }}
),

activities as (
    select * from {{ ref('int_activities') }}
    where
        activity = 'sale'
        and category is not null
        {% if is_incremental() %}
            and activity_date in (select touched_date from touched_days)
        {% endif %}
),

final as (
    select
        customer_id,
        activity_date,
        category,
        cast(count(*) as integer) as n_lines
    from activities
    group by customer_id, activity_date, category
)

select * from final

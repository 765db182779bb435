{{ config(materialized='view') }}

with

touched_days as (
    select * from {{ ref('int_build__touched_days') }}
),

activities as (
    select * from {{ ref('int_activities') }}
    where
        activity = 'sale'
        and category is not null
        {% if is_incremental_build() %}
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

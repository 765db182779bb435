-- What is worked out again: days that are new, scores from the first day on
-- which a buyer's values changed.

-- depends_on: {{ ref('int_build__changed_customers') }}
-- which looks back at this table as the last build left it.

{% set before = get_previous_relation('int_build__window') %}

with

changed as (
    select min(orders_changed_from) as first_changed
    from {{ ref('int_build__changed_customers') }}
),

evaluated as (
    {% if before %}
        select {{ add_days('as_of', 1) }} as first_date
        from {{ before }}
    {% else %}
        select min(calendar_date) as first_date
        from {{ ref('int_calendar') }}
    {% endif %}
),

newest_days as (
    select max(occurred_date) as newest_date
    from {{ ref('stg_core__events') }}
    union all
    select max(ordered_date) as newest_date
    from {{ ref('stg_core__order_lines') }}
),

newest as (
    select max(newest_date) as newest_date
    from newest_days
),

final as (
    select
        {{ as_of() }} as as_of,
        evaluated.first_date as evaluated_from,
        least(
            coalesce(changed.first_changed, evaluated.first_date),
            evaluated.first_date
        ) as rescored_from,
        newest.newest_date
    from changed
    cross join evaluated
    cross join newest
)

select * from final

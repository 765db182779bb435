-- A day's state depends on that day and those before it, so all days from the
-- first touched one on are computed again, and those that are new. Rows dated
-- after the last build's today were counted as that day's, so it is computed
-- again too.

{% set before = get_previous_relation('int_build__window') %}

with

touched as (
    select min(touched_date) as first_touched
    from {{ ref('int_build__touched_days') }}
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
        least(
            coalesce(touched.first_touched, {{ as_of() }}),
            {% if before %}
                case
                    when before_this.newest_date > before_this.as_of
                        then before_this.as_of
                    else {{ add_days('before_this.as_of', 1) }}
                end,
            {% endif %}
            {{ as_of() }}
        ) as rebuilt_from,
        newest.newest_date
    from touched
    cross join newest
    {% if before %}
        cross join {{ before }} as before_this
    {% endif %}
)

select * from final

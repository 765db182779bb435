-- A state of a day depends on that day and those before it, so all days from
-- the first touched one on are looked at again, and those that are new.

{% set before = as_last_built('int_build__window') %}

with

touched as (
    select min(touched_date) as first_touched
    from {{ ref('int_build__touched_days') }}
),

final as (
    select
        {{ as_of() }} as as_of,
        least(
            coalesce(touched.first_touched, {{ as_of() }}),
            {% if before %}
                {{ add_days('before_this.as_of', 1) }},
            {% endif %}
            {{ as_of() }}
        ) as rebuilt_from
    from touched
    {% if before %}
        cross join {{ before }} as before_this
    {% endif %}
)

select * from final

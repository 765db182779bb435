-- depends_on: {{ ref('int_build__touched_days') }}
-- Whose events differ from those that the last build left, and from which day
-- on. An event counts from its own day on, by the shop's calendar.

{% set before = get_previous_relation('int_sent_events') %}
{% set touched = ref('int_build__touched_days') %}

with

events as (
    select * from {{ ref('int_touched_events') }}
),

differing as (
    {% if before %}
        (
            select * from events
            except
            select * from {{ before }}
            where day in (select touched_date from {{ touched }})
        )
        union all
        (
            select * from {{ before }}
            where day in (select touched_date from {{ touched }})
            except
            select * from events
        )
    {% else %}
        select * from events
        where 1 = 0
    {% endif %}
),

final as (
    select
        customer_id,
        min(day) as changed_from
    from differing
    group by customer_id
)

select * from final

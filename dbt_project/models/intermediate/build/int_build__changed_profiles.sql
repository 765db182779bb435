-- Of whom profile or predictions say something else of a day than in the build
-- before, in a field that a rule names, and from which day on.

{% set before = get_previous_relation('int_profile_changes') %}
{% set of_rules = 'field in (' ~ list_profile_fields() ~ ')' %}
{% if before %}
    {% set before = '(select * from ' ~ before ~ ' where ' ~ of_rules ~ ')' %}
{% endif %}

with

history as (
    select
        customer_id,
        field,
        changed_on,
        field_value
    from {{ ref('int_profile_history') }}
    where {{ of_rules }}
),

changed as (
    {{ select_changed_rows('history', before) }}
),

final as (
    select
        customer_id,
        min(changed_on) as changed_from
    from changed
    group by customer_id
)

select * from final

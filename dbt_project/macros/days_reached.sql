{#- When the time since something reaches a number of days that a rule names, within a customer's state and the days they are
    evaluated on: customer_id, since_date, n_days. -#}
{% macro select_days_reached(states) %}
    {%- for event in ['first_seen', 'last_seen', 'first_order', 'last_order', 'last_cart'] %}
        {%- for n_days in get_segment_thresholds('days_since_' ~ event) %}
    {{ select_days_reached_by(states, event ~ '_date', n_days) }}
    union all
        {%- endfor %}
    {%- endfor %}
    {%- for percent in get_segment_thresholds('overdue_percent') %}
    {%- set n_days %}
        ceil(
            cast({{ percent }} as double precision)
            * {{ days_between('first_order_date', 'last_order_date') }}
            / (100 * nullif(n_order_days - 1, 0))
        )
    {%- endset %}
    {{ select_days_reached_by(states, 'last_order_date', n_days) }}
    union all
    {%- endfor %}
    select
        cast(null as varchar) as customer_id,
        cast(null as date) as since_date,
        0 as n_days
    where 1 = 0
{% endmacro %}

{#- least: a rule may name a number that no calendar has. -#}
{% macro select_days_reached_by(states, date, n_days) %}
    select
        customer_id,
        {{ date }} as since_date,
        cast(least({{ n_days }}, 1000000) as integer) as n_days
    from {{ states }}
    where
        least({{ n_days }}, 1000000)
        between {{ days_between(date, 'greatest(state_date, evaluated_from)') }}
        and {{ days_between(date, 'least(coalesce(next_date, as_of), as_of)') }}
{% endmacro %}

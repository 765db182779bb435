{#- An invariant of every row. A row for which it is unknown fails too. -#}
{% test holds(model, condition) %}

    select *
    from {{ model }}
    where not coalesce({{ condition }}, false)

{% endtest %}

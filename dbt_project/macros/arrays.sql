{#- The broadest category of a path; null for an empty one. -#}
{% macro get_first_element(column) %}{{ return(adapter.dispatch('get_first_element')(column)) }}{% endmacro %}

{% macro default__get_first_element(column) %}{{ column }}[1]{% endmacro %}

{% macro snowflake__get_first_element(column) %}cast({{ column }}[0] as varchar){% endmacro %}

{#- A text that lists ids between commas, as an array; null gives an empty one. -#}
{% macro split_to_array(column) %}{{ return(adapter.dispatch('split_to_array')(column)) }}{% endmacro %}

{% macro default__split_to_array(column) %}
case when {{ column }} is null then cast([] as varchar[]) else string_split({{ column }}, ',') end
{% endmacro %}

{% macro snowflake__split_to_array(column) %}
case when {{ column }} is null then array_construct() else split({{ column }}, ',') end
{% endmacro %}

{#- A path of categories as one text, as the segment language compares it; null for an empty one. -#}
{% macro join_path(column) %}{{ return(adapter.dispatch('join_path')(column)) }}{% endmacro %}

{% macro default__join_path(column) %}nullif(array_to_string({{ column }}, ' > '), ''){% endmacro %}

{#- Step by step: what stands in for Snowflake in tests takes no array_to_string. No shop's path has twenty steps. -#}
{% macro snowflake__join_path(column) %}
nullif(
    coalesce(cast({{ column }}[0] as varchar), '')
    {%- for n in range(1, 20) %}
    || coalesce(' > ' || cast({{ column }}[{{ n }}] as varchar), '')
    {%- endfor %},
    ''
)
{% endmacro %}

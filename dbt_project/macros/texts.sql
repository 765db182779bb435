{#- A text as it is compared: lower case, one space between words, none around them. -#}
{% macro simplify_text(column) %}{{ return(adapter.dispatch('simplify_text')(column)) }}{% endmacro %}

{#- Without 'g' DuckDB replaces the first only; Snowflake replaces all, and its fourth argument is a position. -#}
{% macro default__simplify_text(column) %}lower(trim(regexp_replace({{ column }}, '[[:space:]]+', ' ', 'g'))){% endmacro %}

{% macro snowflake__simplify_text(column) %}lower(trim(regexp_replace({{ column }}, '[[:space:]]+', ' '))){% endmacro %}

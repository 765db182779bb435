{#- A text as it is compared: small letters, one space between words, none round them. -#}
{% macro bare_text(column) %}{{ return(adapter.dispatch('bare_text')(column)) }}{% endmacro %}

{#- Without 'g' DuckDB replaces the first only; Snowflake replaces all, and its fourth argument is a position. -#}
{% macro default__bare_text(column) %}lower(trim(regexp_replace({{ column }}, '[[:space:]]+', ' ', 'g'))){% endmacro %}

{% macro snowflake__bare_text(column) %}lower(trim(regexp_replace({{ column }}, '[[:space:]]+', ' '))){% endmacro %}

{#- A lake timestamp as a timestamp without zone that reads UTC. -#}
{% macro utc(column) %}{{ return(adapter.dispatch('utc')(column)) }}{% endmacro %}

{% macro default__utc(column) %}cast({{ column }} as timestamp){% endmacro %}

{% macro duckdb__utc(column) %}cast(timezone('UTC', {{ column }}) as timestamp){% endmacro %}

{#- The day n days later: dbt's own dateadd makes a timestamp of it. -#}
{% macro add_days(day, n) %}cast({{ dbt.dateadd('day', n, day) }} as date){% endmacro %}

{#- A day as the text 2026-01-31, and back. On Snowflake a cast writes and reads days as the session is set to
    (DATE_OUTPUT_FORMAT, DATE_INPUT_FORMAT), on DuckDB always so. -#}
{% macro day_as_text(column) %}{{ return(adapter.dispatch('day_as_text')(column)) }}{% endmacro %}

{% macro default__day_as_text(column) %}cast({{ column }} as varchar){% endmacro %}

{% macro snowflake__day_as_text(column) %}to_char({{ column }}, 'YYYY-MM-DD'){% endmacro %}

{% macro text_as_day(column) %}{{ return(adapter.dispatch('text_as_day')(column)) }}{% endmacro %}

{% macro default__text_as_day(column) %}cast({{ column }} as date){% endmacro %}

{% macro snowflake__text_as_day(column) %}to_date({{ column }}, 'YYYY-MM-DD'){% endmacro %}

{#- Midnights between two times, as a whole number. -#}
{% macro days_between(first, last) %}cast({{ dbt.datediff(first, last, 'day') }} as integer){% endmacro %}

{#- First day of the week (Monday) or month of a day. -#}
{% macro starts(part, day) %}cast({{ dbt.date_trunc(part, day) }} as date){% endmacro %}

{#- The texts of a group as one, in an order. -#}
{% macro joined(column, separator, order_by) %}
{{- dbt.listagg(column, "'" ~ separator ~ "'", 'order by ' ~ order_by) -}}
{% endmacro %}

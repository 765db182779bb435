{#- A lake timestamp as a timestamp without zone that reads UTC. -#}
{% macro to_utc(column) %}{{ return(adapter.dispatch('to_utc')(column)) }}{% endmacro %}

{% macro default__to_utc(column) %}cast({{ column }} as timestamp){% endmacro %}

{% macro duckdb__to_utc(column) %}cast(timezone('UTC', {{ column }}) as timestamp){% endmacro %}

{#- The day n days later: dbt's own dateadd makes a timestamp of it. -#}
{% macro add_days(day, n) %}cast({{ dbt.dateadd('day', n, day) }} as date){% endmacro %}

{#- A day as the text 2026-01-31, and back. On Snowflake a cast writes and reads days as the session is set to
    (DATE_OUTPUT_FORMAT, DATE_INPUT_FORMAT), on DuckDB always so. -#}
{% macro format_day(column) %}{{ return(adapter.dispatch('format_day')(column)) }}{% endmacro %}

{% macro default__format_day(column) %}cast({{ column }} as varchar){% endmacro %}

{% macro snowflake__format_day(column) %}to_char({{ column }}, 'YYYY-MM-DD'){% endmacro %}

{% macro parse_day(column) %}{{ return(adapter.dispatch('parse_day')(column)) }}{% endmacro %}

{% macro default__parse_day(column) %}cast({{ column }} as date){% endmacro %}

{% macro snowflake__parse_day(column) %}to_date({{ column }}, 'YYYY-MM-DD'){% endmacro %}

{#- Midnights between two times, as a whole number. -#}
{% macro days_between(first, last) %}cast({{ dbt.datediff(first, last, 'day') }} as integer){% endmacro %}

{#- First day of the week (Monday) or month of a day. -#}
{% macro get_period_start(part, day) %}cast({{ dbt.date_trunc(part, day) }} as date){% endmacro %}

{#- The texts of a group as one, in an order. -#}
{% macro join_texts(column, separator, order_by) %}
{{- dbt.listagg(column, "'" ~ separator ~ "'", 'order by ' ~ order_by) -}}
{% endmacro %}

{#- A UTC time as the shop's clock shows it, without zone. -#}
{% macro to_shop_clock(column) %}{{ return(adapter.dispatch('to_shop_clock')(column)) }}{% endmacro %}

{% macro default__to_shop_clock(column) %}timezone('{{ get_run_input("time_zone") }}', timezone('UTC', {{ column }})){% endmacro %}

{% macro snowflake__to_shop_clock(column) %}convert_timezone('UTC', '{{ get_run_input("time_zone") }}', {{ column }}){% endmacro %}

{% macro get_minute_of_day(clock) %}
cast(60 * extract(hour from {{ clock }}) + extract(minute from {{ clock }}) as integer)
{% endmacro %}

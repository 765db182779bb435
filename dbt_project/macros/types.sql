{#- A lake timestamp as a timestamp without zone that reads UTC. -#}
{% macro utc(column) %}{{ return(adapter.dispatch('utc')(column)) }}{% endmacro %}

{% macro default__utc(column) %}cast({{ column }} as timestamp){% endmacro %}

{% macro duckdb__utc(column) %}cast(timezone('UTC', {{ column }}) as timestamp){% endmacro %}

{#- Date arithmetic in days: dbt's own dateadd makes timestamps of dates. -#}
{% macro add_days(day, n) %}cast({{ dbt.dateadd('day', n, day) }} as date){% endmacro %}

{#- The last landing day this build knows of: what "today" means in every model. -#}
{% macro as_of() %}cast('{{ var("as_of") }}' as date){% endmacro %}

{#- What a night is told by the step that starts dbt (spark_jobs/warehouse/dbt.py), as JSON in the environment variable NIGHT:
      as_of          the last landing day, ISO
      changed_days   days that changed in the lake since this warehouse last read it, {table: [ISO days]}; null: build anew
      lake_versions  what this build reads, {table: id and version}
      models_hash    hash of the models and segments
    Not dbt vars: with another var dbt parses the whole project again, with another value here only the models that ask. -#}
{% macro told(name) %}
    {%- set night = fromjson(env_var('NIGHT', '{}')) -%}
    {%- if execute and name not in night -%}
        {{ exceptions.raise_compiler_error('NIGHT does not say ' ~ name ~ '; see macros/night.sql') }}
    {%- endif -%}
    {{ return(night.get(name)) }}
{% endmacro %}

{#- The last landing day this build knows of: what "today" means in every model. -#}
{% macro as_of() %}cast('{{ told("as_of") }}' as date){% endmacro %}

{#- Whether this build stands on an earlier one. -#}
{% macro is_built_upon() %}
    {{ return(told('changed_days') is not none and not flags.FULL_REFRESH) }}
{% endmacro %}

{#- A condition: the day changed in that lake table. -#}
{% macro is_changed_day(table, column) %}
    {%- set days = told('changed_days')[table] -%}
    {%- if days -%}
        {{ column }} in (
            {%- for day in days %}cast('{{ day }}' as date){{ ', ' if not loop.last }}{% endfor -%}
        )
    {%- else -%}
        1 = 0
    {%- endif -%}
{% endmacro %}

{#- The relation of a model as the build before this one left it; none when there is nothing to look back to. -#}
{% macro as_last_built(model_name) %}
    {%- if execute and is_built_upon() -%}
        {%- set node = graph.nodes['model.concierge.' ~ model_name] -%}
        {{ return(adapter.get_relation(
            database=node.database, schema=node.schema, identifier=node.alias
        )) }}
    {%- endif -%}
    {{ return(none) }}
{% endmacro %}

{#- The days that changed in the lake, as rows of one column `touched_date`. -#}
{% macro changed_days_as_rows() %}
    select cast(null as date) as touched_date
    where 1 = 0
    {%- for table in told('changed_days') | sort %}
        {%- for day in told('changed_days')[table] %}
    union all
    select cast('{{ day }}' as date)
        {%- endfor %}
    {%- endfor %}
{% endmacro %}

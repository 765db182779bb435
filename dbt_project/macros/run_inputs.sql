{#- The inputs of a build, from the step that starts dbt (spark_jobs/warehouse/dbt.py), as JSON in the environment variable NIGHT:
      as_of          the last landing day, ISO
      changed_days   days that changed in the lake since this warehouse last read it, {table: [ISO days]}; null: build anew
      lake_versions  what this build reads, {table: id and version}
      models_hash    hash of the models and segments
      time_zone      the shop's, as Europe/Berlin
      trait_moments  the end of that day and where the windows of traits begin, {column of int_trait_moments: UTC}
    Not dbt vars: with another var dbt parses the whole project again, with another value here only the models that read it. -#}
{% macro get_run_input(name) %}
    {%- set inputs = fromjson(env_var('NIGHT', '{}')) -%}
    {%- if execute and name not in inputs -%}
        {{ exceptions.raise_compiler_error('NIGHT lacks ' ~ name ~ '; see macros/run_inputs.sql') }}
    {%- endif -%}
    {{ return(inputs.get(name)) }}
{% endmacro %}

{#- The newest landing day in the lake: what "today" means in every model. -#}
{% macro as_of() %}cast('{{ get_run_input("as_of") }}' as date){% endmacro %}

{#- Whether this build changes an earlier one, instead of building all anew. -#}
{% macro is_incremental_build() %}
    {{ return(get_run_input('changed_days') is not none and not flags.FULL_REFRESH) }}
{% endmacro %}

{#- A condition: rows of that day changed in that lake table since the last build. -#}
{% macro is_changed_day(table, column) %}
    {%- set days = get_run_input('changed_days')[table] -%}
    {%- if days -%}
        {{ column }} in (
            {%- for day in days %}cast('{{ day }}' as date){{ ', ' if not loop.last }}{% endfor -%}
        )
    {%- else -%}
        1 = 0
    {%- endif -%}
{% endmacro %}

{#- The relation of a model as the build before this one left it; none in a build of all anew. -#}
{% macro get_previous_relation(model_name) %}
    {%- if execute and is_incremental_build() -%}
        {%- set node = graph.nodes['model.concierge.' ~ model_name] -%}
        {{ return(adapter.get_relation(
            database=node.database, schema=node.schema, identifier=node.alias
        )) }}
    {%- endif -%}
    {{ return(none) }}
{% endmacro %}

{#- The days on which behaviour or orders changed in the lake, as rows of one column `touched_date`. -#}
{% macro select_changed_days() %}
    select cast(null as date) as touched_date
    where 1 = 0
    {%- for table in ['core_events', 'core_order_lines'] %}
        {%- for day in get_run_input('changed_days')[table] %}
    union all
    select cast('{{ day }}' as date)
        {%- endfor %}
    {%- endfor %}
{% endmacro %}

{#- In a build upon an earlier one: the customers of whom something is new; in a build of all anew nothing. -#}
{% macro where_customer_changed() %}
    {%- set changed = ref('int_build__changed_customers') -%}
    {%- if is_incremental_build() -%}
        where customer_id in (select customer_id from {{ changed }})
    {%- endif -%}
{% endmacro %}

{#- In a build upon an earlier one: the customers whose events differ; in a build of all anew nothing. -#}
{% macro where_history_changed() %}
    {%- set changed = ref('int_build__changed_histories') -%}
    {%- if is_incremental_build() -%}
        where customer_id in (select customer_id from {{ changed }})
    {%- endif -%}
{% endmacro %}

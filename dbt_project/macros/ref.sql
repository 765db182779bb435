{#- On DuckDB the catalogue is called after its file, and the file is built under one name and read under another:
    what names relations without it stays right. On Snowflake that holds for the schema: it is built aside and swapped
    in, and unqualified names in a view are looked up in the schema the view lies in. -#}
{% macro ref() %}
    {%- set relation = builtins.ref(*varargs, **kwargs) -%}
    {%- if target.type == 'duckdb' -%}
        {{ return(relation.include(database=false)) }}
    {%- endif -%}
    {%- set in_view = execute and model.config.materialized == 'view' -%}
    {{ return(relation.include(database=not in_view, schema=not in_view)) }}
{% endmacro %}

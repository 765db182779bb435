{#- On DuckDB the catalogue is called after its file, and the file is built under one name and read under another:
    what names relations without it stays right. -#}
{% macro ref() %}
    {%- set relation = builtins.ref(*varargs, **kwargs) -%}
    {{ return(relation.include(database=(target.type != 'duckdb'))) }}
{% endmacro %}

{#- On Snowflake all layers lie in one schema, so that one swap publishes a night whole; their names tell them apart. -#}
{% macro generate_schema_name(custom_schema_name, node) %}
    {%- if target.type == 'snowflake' -%}
        {{ return(target.schema) }}
    {%- endif -%}
    {{ return(default__generate_schema_name(custom_schema_name, node)) }}
{% endmacro %}

{#- What a night rewrites. The lake says which days of a table changed since this warehouse last read it; the var
    `changed_days` carries them here, and is null when everything is built anew. -#}

{#- Whether this build stands on an earlier one. -#}
{% macro is_built_upon() %}
    {{ return(var('changed_days') is not none and not flags.FULL_REFRESH) }}
{% endmacro %}

{#- A condition: the day changed in that lake table. -#}
{% macro is_changed_day(table, column) %}
    {%- set days = var('changed_days')[table] -%}
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
    {%- for table in var('changed_days') | sort %}
        {%- for day in var('changed_days')[table] %}
    union all
    select cast('{{ day }}' as date)
        {%- endfor %}
    {%- endfor %}
{% endmacro %}

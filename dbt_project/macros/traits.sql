{#- Expressions by name as one text: a JSON object, null ones too. -#}
{% macro format_json(values) %}{{ return(adapter.dispatch('format_json')(values)) }}{% endmacro %}

{% macro default__format_json(values) %}
{%- if not values -%}'{}'{%- else -%}
cast(to_json(struct_pack(
    {%- for name, value in values.items() %}{{ name }} := {{ value }}{{ ', ' if not loop.last }}{% endfor -%}
)) as varchar)
{%- endif -%}
{% endmacro %}

{% macro snowflake__format_json(values) %}
{%- if not values -%}'{}'{%- else -%}
to_json(object_construct_keep_null(
    {%- for name, value in values.items() %}'{{ name }}', {{ value }}{{ ', ' if not loop.last }}{% endfor -%}
))
{%- endif -%}
{% endmacro %}

{#- Behind an SQL trait: its key is one, and every column is there and of the type that its page says. What is wrong ends this
    model alone; the profile keeps what it had of it. -#}
{% macro check_trait() %}
    {%- if execute -%}
        {%- set query -%}
            select
                count(*) - count(customer_id) as n_unknown,
                count(customer_id) - count(distinct customer_id) as n_repeated
                {%- for column in model.columns.values() if column.name != 'customer_id' %},
                count(cast({{ column.name }} as {{ column.data_type }})) as n_{{ loop.index }}
                {%- endfor %}
            from {{ this }}
        {%- endset -%}
        {%- set counts = run_query(query).rows[0] -%}
        {%- if counts[0] or counts[1] -%}
            {{ exceptions.raise_compiler_error(
                model.name ~ ': ' ~ counts[0] ~ ' rows without a customer and ' ~ counts[1]
                ~ ' of a customer who has one already; wanted one row a customer'
            ) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

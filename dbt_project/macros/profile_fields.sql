{#- The fields of profile and predictions that rules name, as columns of a group of `field` and `field_value`; no text is one that
    is not known. -#}
{% macro select_profile_fields() %}
    {%- for name, type in get_profile_field_types().items() -%}
        cast(max(case when field = '{{ name }}' then nullif(field_value, '') end) as {{ type }}) as {{ name }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{% endmacro %}

{% macro list_profile_columns(relation) %}
    {%- for name in get_profile_field_types() -%}{{ relation }}.{{ name }}{{ ', ' if not loop.last }}{%- endfor -%}
{% endmacro %}

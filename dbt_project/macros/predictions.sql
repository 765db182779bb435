{#- What the night before predicted of a customer, by column of `int_customer_predictions`. -#}
{% macro select_predictions(relation) %}
    {%- for name in [
        'purchase_7d', 'purchase_30d', 'churn_30d', 'churn_60d', 'spend_60d', 'cluster_id', 'cluster_name',
    ] -%}
        {{ relation }}.{{ name }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{% endmacro %}

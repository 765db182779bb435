{#- An amount that is in the currency of most of the shop's orders; null for another: amounts in different currencies are counted
    and not added. -#}
{% macro in_shop_currency(amount, currency='currency') %}
case
    when {{ currency }} = (
        select currency
        from {{ ref('fct_orders') }}
        where not is_return
        group by currency
        order by count(*) desc, currency
        limit 1
    ) then {{ amount }}
end
{% endmacro %}

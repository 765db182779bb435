{#- The items of served lists, one row each: request_id, item_id, item_rank, score, item_source. lists: a relation or CTE. -#}
{% macro select_served_items(lists) %}{{ return(adapter.dispatch('select_served_items')(lists)) }}{% endmacro %}

{% macro default__select_served_items(lists) %}
select
    request_id,
    item.item_id as item_id,
    item.rank as item_rank,
    item.score as score,
    item.source as item_source
from (
    select
        request_id,
        unnest(items) as item
    from {{ lists }}
) as served
{% endmacro %}

{% macro snowflake__select_served_items(lists) %}
select
    {{ lists }}.request_id,
    cast(item.value:item_id as varchar) as item_id,
    cast(item.value:rank as integer) as item_rank,
    cast(item.value:score as double precision) as score,
    cast(item.value:source as varchar) as item_source
from {{ lists }}, lateral flatten(input => {{ lists }}.items) as item
{% endmacro %}

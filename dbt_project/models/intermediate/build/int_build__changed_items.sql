-- Of an item's columns only these are used in tables kept by day.

{% set before = get_previous_relation('int_items') %}

with

items as (
    select * from {{ ref('stg_core__items') }}
),

items_before as (
    {% if before %}
        select
            item_id,
            category,
            category_path,
            brand,
            is_consumable
        from {{ before }}
    {% else %}
        select
            item_id,
            category,
            category_path,
            brand,
            is_consumable
        from items
        where 1 = 0
    {% endif %}
),

final as (
    select coalesce(items.item_id, items_before.item_id) as item_id
    from items
    full outer join items_before
        on items.item_id = items_before.item_id
    where
        items.category is distinct from items_before.category
        or {{ join_path('items.category_path') }}
        is distinct from {{ join_path('items_before.category_path') }}
        or items.brand is distinct from items_before.brand
        or items.is_consumable is distinct from items_before.is_consumable
)

select * from final

with

items as (
    select * from {{ ref('int_items') }}
),

final as (
    select
        item_id,
        title,
        category,
        category_path,
        brand,
        price,
        price_band,
        is_recommendable,
        is_in_stock,
        is_consumable,
        first_seen_at
    from items
)

select * from final

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
        currency,
        price_band,
        n_stock,
        is_in_stock,
        is_consumable,
        is_goods,
        is_recommendable,
        image_url,
        first_seen_at,
        updated_at
    from items
)

select * from final

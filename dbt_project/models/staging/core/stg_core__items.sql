with

source as (
    select * from {{ source('lake', 'core_items') }}
),

renamed as (
    select
        item_id,
        title,
        {{ get_first_element('category_path') }} as category,
        category_path,
        brand,
        price,
        currency,
        n_stock,
        is_in_stock,
        is_consumable,
        is_recommendable,
        coalesce(is_goods, true) as is_goods,
        image_url,
        {{ to_utc('first_seen_at') }} as first_seen_at,
        {{ to_utc('updated_at') }} as updated_at
    from source
)

select * from renamed

with

items as (
    select * from {{ ref('stg_core__items') }}
),

-- Thirds of the items that can be shown; equal prices lie in one band.
banded as (
    select
        item_id,
        (rank() over (order by price) - 1) / count(*) over () as price_position
    from items
    where is_recommendable and price is not null
),

final as (
    select
        items.*,
        case
            when banded.price_position < 1 / 3 then 'low'
            when banded.price_position < 2 / 3 then 'middle'
            when banded.price_position is not null then 'high'
        end as price_band
    from items
    left join banded
        on items.item_id = banded.item_id
)

select * from final

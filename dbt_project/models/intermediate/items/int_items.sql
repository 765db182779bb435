-- depends_on: {{ ref('int_build__changed_items') }}
-- which looks back at this table as the last build left it.

with

items as (
    select * from {{ ref('stg_core__items') }}
),

-- Thirds of the items of one currency that can be shown; equal prices lie in
-- one band.
placed as (
    select
        item_id,
        3 * (rank() over (partition by currency order by price) - 1) as place,
        count(*) over (partition by currency) as n_items
    from items
    where is_recommendable and price is not null
),

final as (
    select
        items.*,
        case
            when placed.place < placed.n_items then 'low'
            when placed.place < 2 * placed.n_items then 'middle'
            when placed.place is not null then 'high'
        end as price_band
    from items
    left join placed
        on items.item_id = placed.item_id
)

select * from final

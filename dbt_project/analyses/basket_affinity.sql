-- Which items are bought in one order far more often than by chance? Orders of
-- up to 50 items, pairs seen at least 20 times.

with

lines as (
    select distinct
        item_id,
        source || ':' || order_id as basket
    from {{ ref('fct_order_lines') }}
    where is_sold and is_goods and item_id is not null
),

items as (
    select * from {{ ref('dim_items') }}
),

sized as (
    select
        basket,
        item_id,
        count(*) over (partition by basket) as n_items
    from lines
),

baskets as (
    select * from sized
    where n_items <= 50
),

total as (
    select count(distinct basket) as n_baskets
    from baskets
),

counts as (
    select
        item_id,
        count(*) as n_baskets
    from baskets
    group by item_id
),

pairs as (
    select
        one.item_id,
        two.item_id as other_item_id,
        count(*) as n_together
    from baskets as one
    inner join baskets as two
        on one.basket = two.basket and one.item_id < two.item_id
    group by one.item_id, two.item_id
    having count(*) >= 20
),

final as (
    select
        items.title as item_title,
        other_items.title as other_title,
        pairs.n_together,
        round(100.0 * pairs.n_together / counts.n_baskets, 1)
            as of_the_first_percent,
        round(
            1.0 * pairs.n_together * total.n_baskets
            / (cast(counts.n_baskets as double) * other_counts.n_baskets), 1
        ) as times_as_often
    from pairs
    cross join total
    inner join counts on pairs.item_id = counts.item_id
    inner join counts as other_counts
        on pairs.other_item_id = other_counts.item_id
    left join items on pairs.item_id = items.item_id
    left join items as other_items
        on pairs.other_item_id = other_items.item_id
)

select * from final
order by times_as_often desc, n_together desc, item_title asc, other_title asc
limit 25

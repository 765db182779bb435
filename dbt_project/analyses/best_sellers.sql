-- Which items bring the most money, and from how many customers? Guests' orders
-- have no customer: their units are counted apart, too.

with

order_lines as (
    select
        item_id,
        customer_id,
        quantity,
        coalesce({{ in_shop_currency('amount') }}, 0) as amount
    from {{ ref('fct_order_lines') }}
    where is_sold and is_goods and item_id is not null
),

items as (
    select * from {{ ref('dim_items') }}
),

sums as (
    select
        item_id,
        count(distinct customer_id) as n_customers,
        cast(sum(quantity) as bigint) as n_units,
        cast(
            sum(case when customer_id is null then quantity else 0 end)
            as bigint
        ) as n_units_to_guests,
        sum(amount) as amount
    from order_lines
    group by item_id
),

final as (
    select
        sums.item_id,
        items.title,
        sums.n_customers,
        sums.n_units,
        sums.n_units_to_guests,
        sums.amount,
        round(
            100.0 * cast(sums.amount as double)
            / nullif(cast(sum(sums.amount) over () as double), 0), 2
        ) as amount_percent
    from sums
    left join items on sums.item_id = items.item_id
)

select * from final
order by amount desc, item_id asc
limit 25

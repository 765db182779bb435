-- Which items come back most, of those sold at least 50 times?

with

order_lines as (
    select
        item_id,
        is_sold,
        line_type,
        coalesce({{ in_shop_currency('amount') }}, 0) as amount
    from {{ ref('fct_order_lines') }}
    where item_id is not null and is_goods
),

items as (
    select * from {{ ref('dim_items') }}
),

sums as (
    select
        item_id,
        count(case when is_sold then 1 end) as n_sold_lines,
        count(case when line_type = 'return' then 1 end) as n_returned_lines,
        sum(case when is_sold then amount else 0 end) as amount_sold,
        -sum(case when line_type = 'return' then amount else 0 end)
            as amount_returned
    from order_lines
    group by item_id
),

final as (
    select
        sums.item_id,
        items.title,
        sums.n_sold_lines,
        sums.n_returned_lines,
        sums.amount_returned,
        round(
            100.0 * cast(sums.amount_returned as double)
            / nullif(cast(sums.amount_sold as double), 0), 1
        ) as returned_percent
    from sums
    left join items on sums.item_id = items.item_id
    where sums.n_sold_lines >= 50 and sums.n_returned_lines > 0
)

select * from final
order by returned_percent desc, item_id asc
limit 25

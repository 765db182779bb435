-- Of the customers who view, how many put something into the cart, and buy?
-- Carts are counted of those who viewed, buyers of those who had a cart. Empty
-- where a shop sends no events.

with

customers as (
    select * from {{ ref('dim_customers') }}
),

final as (
    select
        count(case when n_views > 0 then 1 end) as n_viewed,
        count(case when n_views > 0 and n_carts > 0 then 1 end) as n_carted,
        count(case
            when n_views > 0 and n_carts > 0 and n_orders > 0 then 1
        end) as n_bought,
        round(
            100.0 * count(case when n_views > 0 and n_carts > 0 then 1 end)
            / nullif(count(case when n_views > 0 then 1 end), 0), 1
        ) as carted_percent_of_viewed,
        round(
            100.0 * count(case
                when n_views > 0 and n_carts > 0 and n_orders > 0 then 1
            end)
            / nullif(
                count(case when n_views > 0 and n_carts > 0 then 1 end), 0
            ), 1
        ) as bought_percent_of_carted
    from customers
)

select * from final
where n_viewed > 0

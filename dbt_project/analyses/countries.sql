-- Where do customers live, and what do they spend there?

with

customers as (
    select
        country,
        n_orders,
        {{ in_shop_currency('amount_spent') }} as amount_spent
    from {{ ref('dim_customers') }}
    where n_orders > 0
),

final as (
    select
        country,
        count(*) as n_customers,
        cast(sum(n_orders) as bigint) as n_orders,
        coalesce(sum(amount_spent), 0) as amount_spent,
        round(avg(amount_spent), 2) as mean_amount_spent,
        round(
            100.0 * count(case when n_orders > 1 then 1 end) / count(*), 1
        ) as bought_again_percent
    from customers
    group by country
)

select * from final
order by amount_spent desc, country asc
limit 25

-- What share of the money do the best customers bring? Best first, in steps of
-- a twentieth of the customers.

with

customers as (
    select
        customer_id,
        coalesce({{ in_shop_currency('amount_spent') }}, 0) as amount_spent
    from {{ ref('dim_customers') }}
    where n_orders > 0
),

ranked as (
    select
        amount_spent,
        row_number()
            over (order by amount_spent desc, customer_id asc)
            as place,
        count(*) over () as n_customers
    from customers
),

steps as (
    select
        amount_spent,
        5 * cast(ceil(20.0 * place / n_customers) as integer)
            as customer_percent
    from ranked
),

totals as (
    select
        customer_percent,
        count(*) as n_customers,
        sum(amount_spent) as amount_spent
    from steps
    group by customer_percent
),

final as (
    select
        customer_percent,
        n_customers,
        amount_spent,
        round(
            100.0 * cast(
                sum(amount_spent) over (order by customer_percent) as double
            ) / nullif(cast(sum(amount_spent) over () as double), 0), 1
        ) as amount_percent_so_far
    from totals
)

select * from final
order by customer_percent

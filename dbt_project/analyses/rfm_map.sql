-- Where do customers stand by recency, frequency and value, and what is each
-- group worth?

with

customers as (
    select
        rfm_segment,
        recency_days,
        n_orders,
        {{ in_shop_currency('amount_spent') }} as amount_spent
    from {{ ref('dim_customers') }}
    where n_orders > 0
),

segments as (
    select * from {{ ref('dim_segments') }}
),

final as (
    select
        customers.rfm_segment,
        segments.name,
        count(*) as n_customers,
        round(avg(customers.recency_days), 0) as mean_recency_days,
        round(avg(customers.n_orders), 1) as mean_orders,
        coalesce(sum(customers.amount_spent), 0) as amount_spent,
        round(avg(customers.amount_spent), 2) as mean_amount_spent
    from customers
    left join segments on customers.rfm_segment = segments.segment_id
    group by customers.rfm_segment, segments.name
)

select * from final
order by mean_amount_spent desc, rfm_segment asc

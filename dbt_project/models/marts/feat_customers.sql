-- Building features is one of the three places where consent is applied: who
-- said no to personalization is not in here, and what is not in here is not
-- exported.

with

customers as (
    select * from {{ ref('dim_customers') }}
),

final as (
    select
        customer_id,
        country,
        rfm_segment,
        cast(null as varchar) as channel,
        cast(null as varchar) as price_band,
        cast(null as varchar) as favourite_category,
        n_orders,
        last_order_at,
        {{ split_to_array('rfm_segment') }} as segment_ids
    from customers
    where coalesce(has_personalization_consent, true)
)

select * from final

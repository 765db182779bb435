-- Building features is one of the four places where consent is applied:
-- customers who said no to personalization are left out here, and so are their
-- interactions in the export.

with

customers as (
    select * from {{ ref('dim_customers') }}
    where coalesce(has_personalization_consent, true)
),

memberships as (
    select
        customer_id,
        {{ join_texts('segment_id', ',', 'segment_id') }}
            as segment_ids
    from {{ ref('fct_customer_segments') }}
    where left_at is null
    group by customer_id
),

consents as (
    select * from {{ ref('int_customer_consents') }}
),

final as (
    select
        customers.customer_id,
        customers.country,
        customers.rfm_segment,
        customers.channel,
        customers.price_band,
        customers.favourite_category,
        customers.n_orders,
        customers.last_order_at,
        {{ split_to_array('memberships.segment_ids') }} as segment_ids,
        consents.has_analytics_consent
    from customers
    left join memberships
        on customers.customer_id = memberships.customer_id
    left join consents
        on customers.customer_id = consents.customer_id
)

select * from final

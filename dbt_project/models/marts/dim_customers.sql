with

traits as (
    select * from {{ ref('int_customer_traits') }}
),

orders as (
    select * from {{ ref('int_customer_orders') }}
),

countries as (
    select * from {{ ref('dim_customer_values') }}
    where field = 'country'
),

rfm as (
    select
        stays.customer_id,
        stays.segment_id
    from {{ ref('fct_customer_segments') }} as stays
    inner join {{ ref('dim_segments') }} as segments
        on stays.segment_id = segments.segment_id
    where stays.left_at is null and segments.kind = 'rfm'
),

final as (
    select
        traits.customer_id,
        traits.is_known,
        traits.first_seen_at,
        greatest(
            traits.first_seen_at,
            coalesce(orders.last_seen_at, traits.first_seen_at),
            coalesce(behaviour.last_seen_at, traits.first_seen_at)
        ) as last_seen_at,
        traits.n_identifiers,
        coalesce(orders.n_orders, 0) as n_orders,
        coalesce(orders.n_returns, 0) as n_returns,
        coalesce(orders.n_other_currency_orders, 0) as n_other_currency_orders,
        coalesce(orders.amount_spent, 0) as amount_spent,
        coalesce(orders.amount_returned, 0) as amount_returned,
        coalesce(orders.amount_net, 0) as amount_net,
        orders.currency,
        orders.first_order_at,
        orders.last_order_at,
        orders.recency_days,
        orders.cadence_days,
        coalesce(behaviour.n_sessions, 0) as n_sessions,
        coalesce(behaviour.n_views, 0) as n_views,
        coalesce(behaviour.n_carts, 0) as n_carts,
        countries.value as country,
        countries.source as country_source,
        countries.feed as country_feed,
        countries.said_at as country_said_at,
        traits.n_countries,
        traits.n_countries > 2 as has_many_countries,
        traits.channel,
        traits.favourite_category,
        traits.favourite_categories,
        traits.price_band,
        rfm.segment_id as rfm_segment,
        traits.has_analytics_consent,
        traits.has_personalization_consent,
        traits.personalization_consent_at,
        traits.personalization_consent_source,
        traits.has_marketing_consent,
        {{ select_predictions('predictions') }}
    from traits
    left join orders on traits.customer_id = orders.customer_id
    left join {{ ref('int_customer_behaviour') }} as behaviour
        on traits.customer_id = behaviour.customer_id
    left join countries on traits.customer_id = countries.customer_id
    left join rfm on traits.customer_id = rfm.customer_id
    left join {{ ref('int_customer_predictions') }} as predictions
        on traits.customer_id = predictions.customer_id
)

select * from final

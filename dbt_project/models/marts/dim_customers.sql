with

customers as (
    select * from {{ ref('int_customers') }}
),

orders as (
    select * from {{ ref('int_customer_orders') }}
),

behaviour as (
    select * from {{ ref('int_customer_behaviour') }}
),

countries as (
    select * from {{ ref('int_customer_countries') }}
),

channels as (
    select * from {{ ref('int_customer_channels') }}
),

favourites as (
    select * from {{ ref('int_customer_favourites') }}
),

prices as (
    select * from {{ ref('int_customer_prices') }}
),

consents as (
    select * from {{ ref('int_customer_consents') }}
),

rfm as (
    select stays.*
    from {{ ref('fct_customer_segments') }} as stays
    inner join {{ ref('dim_segments') }} as segments
        on stays.segment_id = segments.segment_id
    where stays.left_at is null and segments.kind = 'rfm'
),

final as (
    select
        customers.customer_id,
        customers.is_known,
        customers.first_seen_at,
        greatest(
            customers.first_seen_at,
            coalesce(orders.last_seen_at, customers.first_seen_at),
            coalesce(behaviour.last_seen_at, customers.first_seen_at)
        ) as last_seen_at,
        customers.n_identifiers,
        coalesce(orders.n_orders, 0) as n_orders,
        coalesce(orders.n_returns, 0) as n_returns,
        coalesce(orders.amount_spent, 0) as amount_spent,
        coalesce(orders.amount_returned, 0) as amount_returned,
        coalesce(orders.amount_spent - orders.amount_returned, 0) as amount_net,
        orders.currency,
        orders.first_order_at,
        orders.last_order_at,
        {{ dbt.datediff('orders.last_order_at', as_of(), 'day') }}
            as recency_days,
        orders.cadence_days,
        coalesce(behaviour.n_sessions, 0) as n_sessions,
        coalesce(behaviour.n_views, 0) as n_views,
        coalesce(behaviour.n_carts, 0) as n_carts,
        countries.country,
        channels.channel,
        favourites.favourite_category,
        favourites.favourite_categories,
        prices.price_band,
        rfm.segment_id as rfm_segment,
        consents.has_analytics_consent,
        consents.has_personalization_consent,
        consents.has_marketing_consent
    from customers
    left join orders on customers.customer_id = orders.customer_id
    left join behaviour on customers.customer_id = behaviour.customer_id
    left join countries on customers.customer_id = countries.customer_id
    left join channels on customers.customer_id = channels.customer_id
    left join favourites on customers.customer_id = favourites.customer_id
    left join prices on customers.customer_id = prices.customer_id
    left join consents on customers.customer_id = consents.customer_id
    left join rfm on customers.customer_id = rfm.customer_id
)

select * from final

with

customers as (
    select * from {{ ref('int_customers') }}
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

countries as (
    select * from {{ ref('int_customer_countries') }}
),

final as (
    select
        customers.customer_id,
        customers.is_known,
        customers.first_seen_at,
        customers.n_identifiers,
        channels.channel,
        favourites.favourite_category,
        favourites.favourite_categories,
        prices.price_band,
        coalesce(countries.n_countries, 0) as n_countries,
        consents.has_analytics_consent,
        consents.has_personalization_consent,
        consents.personalization_consent_at,
        consents.personalization_consent_source,
        consents.has_marketing_consent
    from customers
    left join channels on customers.customer_id = channels.customer_id
    left join favourites on customers.customer_id = favourites.customer_id
    left join prices on customers.customer_id = prices.customer_id
    left join countries on customers.customer_id = countries.customer_id
    left join consents on customers.customer_id = consents.customer_id
)

select * from final

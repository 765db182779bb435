{{ config(materialized='view') }}
-- Of the customers whose states this build works out. Activity dated after
-- today counts as today's: a shop may deliver an order of the next day, and its
-- buyer is a customer before then. Visits of who said no to analytics are not
-- counted, as in their profile.

with

customer_days as (
    select * from {{ ref('int_customer_days') }}
    {{ where_customer_changed() }}
),

denied as (
    select customer_id from {{ ref('int_customer_consents') }}
    where has_analytics_consent = false
),

currencies as (
    select * from {{ ref('int_customer_currencies') }}
),

amount_days as (
    select * from {{ ref('int_customer_amount_days') }}
),

category_days as (
    select
        customer_id,
        activity_date,
        sum(n_lines) as n_category_lines
    from {{ ref('int_customer_category_days') }}
    {{ where_customer_changed() }}
    group by customer_id, activity_date
),

final as (
    select
        customer_days.customer_id,
        customer_days.activity_date,
        customer_days.n_orders,
        customer_days.n_returns,
        customer_days.n_consumable_days,
        customer_days.last_order_at,
        case when denied.customer_id is null then customer_days.n_views else 0
        end as n_views,
        case when denied.customer_id is null then customer_days.n_carts else 0
        end as n_carts,
        case when denied.customer_id is null then customer_days.last_cart_at
        end as last_cart_at,
        least(customer_days.activity_date, {{ as_of() }}) as counted_date,
        currencies.currency,
        amount_days.amount_spent,
        amount_days.amount_returned,
        category_days.n_category_lines
    from customer_days
    left join denied
        on customer_days.customer_id = denied.customer_id
    left join currencies
        on customer_days.customer_id = currencies.customer_id
    left join amount_days
        on
            customer_days.customer_id = amount_days.customer_id
            and customer_days.activity_date = amount_days.activity_date
            and currencies.currency = amount_days.currency
    left join category_days
        on
            customer_days.customer_id = category_days.customer_id
            and customer_days.activity_date = category_days.activity_date
)

select * from final

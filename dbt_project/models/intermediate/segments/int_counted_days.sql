{{ config(materialized='view') }}
-- Of the customers whose states this build works out. Activity dated after
-- today counts as today's: a shop may deliver an order of the next day, and its
-- buyer is a customer before then.

with

customer_days as (
    select * from {{ ref('int_customer_days') }}
    {{ where_customer_changed() }}
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
        customer_days.*,
        least(customer_days.activity_date, {{ as_of() }}) as counted_date,
        currencies.currency,
        amount_days.amount_spent,
        amount_days.amount_returned,
        category_days.n_category_lines
    from customer_days
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

{{ config(materialized='view') }}
-- Activity dated after today counts as today's: a shop may deliver an order of
-- the next day, and its buyer is a customer before then.

with

customer_days as (
    select * from {{ ref('int_customer_days') }}
),

amount_days as (
    select amounts.*
    from {{ ref('int_customer_amount_days') }} as amounts
    inner join {{ ref('int_customer_currencies') }} as currencies
        on
            amounts.customer_id = currencies.customer_id
            and amounts.currency = currencies.currency
),

final as (
    select
        customer_days.*,
        least(customer_days.activity_date, {{ as_of() }}) as counted_date,
        amount_days.amount_spent,
        amount_days.amount_returned
    from customer_days
    left join amount_days
        on
            customer_days.customer_id = amount_days.customer_id
            and customer_days.activity_date = amount_days.activity_date
)

select * from final

{{ config(materialized='view') }}
-- What was sent, and the empty carts that follow from it. Amounts are added, so
-- they are known in the customer's own currency alone, as all amounts are.

with

sent as (
    select * from {{ ref('int_sent_events') }}
),

empty_carts as (
    select * from {{ ref('int_empty_carts') }}
),

currencies as (
    select * from {{ ref('int_customer_currencies') }}
),

happened as (
    select * from sent
    union all
    select * from empty_carts
),

final as (
    select
        happened.customer_id,
        happened.at,
        happened.event_id,
        happened.event_type,
        happened.item_id,
        happened.category,
        happened.brand,
        happened.price,
        happened.quantity,
        case
            when
                currencies.currency is null
                or happened.currency = currencies.currency
                then happened.amount
        end as amount,
        happened.order_id,
        happened.session_id,
        happened.device,
        happened.campaign,
        happened.country,
        happened.day,
        happened.latitude,
        happened.longitude,
        happened.local_minute
    from happened
    left join currencies
        on happened.customer_id = currencies.customer_id
)

select * from final

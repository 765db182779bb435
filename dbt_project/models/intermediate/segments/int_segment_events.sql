{{ config(materialized='view') }}
-- What was sent, and the empty carts that follow from it. Amounts are added, so
-- they are known in the customer's own currency alone, as all amounts are.
-- Analytics consent is applied here for rules and traits: of who said no only
-- what was bought and sent back counts, without the visit it came from.

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

denied as (
    select customer_id from {{ ref('int_customer_consents') }}
    where has_analytics_consent = false
),

happened as (
    select * from sent
    union all
    select * from empty_carts
),

allowed as (
    select
        happened.*,
        denied.customer_id is null as is_measured
    from happened
    left join denied
        on happened.customer_id = denied.customer_id
    where
        denied.customer_id is null
        or happened.event_type in ('purchase', 'return')
),

final as (
    select
        allowed.customer_id,
        allowed.at,
        allowed.event_id,
        allowed.event_type,
        allowed.item_id,
        allowed.category,
        allowed.brand,
        allowed.price,
        allowed.quantity,
        case
            when
                currencies.currency is null
                or allowed.currency = currencies.currency
                then allowed.amount
        end as amount,
        allowed.order_id,
        case when allowed.is_measured then allowed.session_id end as session_id,
        case when allowed.is_measured then allowed.device end as device,
        case when allowed.is_measured then allowed.campaign end as campaign,
        allowed.country,
        allowed.day,
        case when allowed.is_measured then allowed.latitude end as latitude,
        case when allowed.is_measured then allowed.longitude end as longitude,
        case
            when allowed.is_measured then allowed.local_minute
            else {{ get_minute_of_day(to_shop_clock('allowed.at')) }}
        end as local_minute
    from allowed
    left join currencies
        on allowed.customer_id = currencies.customer_id
)

select * from final

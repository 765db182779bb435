with

identities as (
    select * from {{ ref('int_identities') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

interactions as (
    select * from {{ ref('fct_interactions') }}
),

consents as (
    select * from {{ ref('int_customer_consents') }}
),

customers as (
    select
        customer_id,
        max(case when kind = 'anonymous_id' then 0 else 1 end) = 1 as is_known,
        min(first_seen_at) as first_seen_at
    from identities
    group by customer_id
),

bought as (
    select
        customer_id,
        count(case when not is_return then 1 end) as n_orders,
        count(case when is_return then 1 end) as n_returns,
        sum(case when not is_return then amount end) as amount_spent,
        -sum(case when is_return then amount end) as amount_returned,
        max(case when not is_return then ordered_at end) as last_order_at,
        max(ordered_at) as last_seen_at,
        max(country) as country
    from orders
    group by customer_id
),

seen as (
    select
        customer_id,
        max(occurred_at) as last_seen_at
    from interactions
    group by customer_id
),

final as (
    select
        customers.customer_id,
        customers.is_known,
        customers.first_seen_at,
        greatest(
            customers.first_seen_at,
            coalesce(bought.last_seen_at, customers.first_seen_at),
            coalesce(seen.last_seen_at, customers.first_seen_at)
        ) as last_seen_at,
        cast(coalesce(bought.n_orders, 0) as integer) as n_orders,
        cast(coalesce(bought.n_returns, 0) as integer) as n_returns,
        cast(coalesce(bought.amount_spent, 0) as decimal(18, 4)) as amount_spent,
        cast(coalesce(bought.amount_returned, 0) as decimal(18, 4)) as amount_returned,
        cast(
            coalesce(bought.amount_spent, 0) - coalesce(bought.amount_returned, 0) as decimal(18, 4)
        ) as amount_net,
        bought.last_order_at,
        bought.country,
        cast(null as varchar) as rfm_segment,
        consents.has_personalization_consent
    from customers
    left join bought on customers.customer_id = bought.customer_id
    left join seen on customers.customer_id = seen.customer_id
    left join consents on customers.customer_id = consents.customer_id
)

select * from final

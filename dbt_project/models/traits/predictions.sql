-- Predictions of the night before as traits: for rules, and for the service.

with

customers as (
    select * from {{ ref('dim_customers') }}
),

final as (
    select
        customer_id,
        {{ select_predictions('customers') }}
    from customers
    where
        cluster_id is not null
        or coalesce(
            purchase_7d, purchase_30d, churn_30d, churn_60d, spend_60d
        ) is not null
)

select * from final

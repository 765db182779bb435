-- Of the night before: predictions are made of what this build will have made.

with

customers as (
    select * from {{ ref('int_predictable_customers') }}
),

scores as (
    select
        customer_id,
        max(case when trait = 'purchase_7d' then score end) as purchase_7d,
        max(case when trait = 'purchase_30d' then score end) as purchase_30d,
        max(case when trait = 'churn_30d' then score end) as churn_30d,
        max(case when trait = 'churn_60d' then score end) as churn_60d,
        max(case when trait = 'spend_60d' then score end) as spend_60d
    from {{ ref('stg_pred__customer_scores') }}
    group by customer_id
),

clusters as (
    select * from {{ ref('stg_pred__customer_clusters') }}
),

final as (
    select
        customers.customer_id,
        scores.purchase_7d,
        scores.purchase_30d,
        scores.churn_30d,
        scores.churn_60d,
        scores.spend_60d,
        clusters.cluster_id,
        clusters.cluster_name
    from customers
    left join scores on customers.customer_id = scores.customer_id
    left join clusters on customers.customer_id = clusters.customer_id
    where
        scores.customer_id is not null
        or clusters.customer_id is not null
)

select * from final

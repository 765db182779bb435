{{ config(materialized='view') }}

with

lists as (
    select * from {{ ref('stg_core__impressions') }}
),

items as (
    {{ select_served_items('lists') }}
),

final as (
    select
        lists.request_id,
        items.item_id,
        items.item_rank,
        items.score,
        items.item_source,
        lists.served_at,
        lists.served_date,
        lists.placement,
        lists.customer_id,
        lists.list_source,
        lists.model_version,
        lists.snapshot,
        lists.policy,
        lists.propensity,
        lists.experiment,
        lists.variant
    from lists
    inner join items
        on lists.request_id = items.request_id
)

select * from final

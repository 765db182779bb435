{{ config(
    materialized='incremental',
    incremental_strategy='replace_requests',
    unique_key='request_id',
    on_schema_change='fail'
) }}

with

changed_requests as (
    select * from {{ ref('int_build__changed_requests') }}
),

served as (
    select * from {{ ref('int_served_items') }}
    {% if is_incremental() %}
        where request_id in (select request_id from changed_requests)
    {% endif %}
),

interactions as (
    select * from {{ ref('fct_interactions') }}
    where
        request_id is not null
        {% if is_incremental() %}
            and request_id in (select request_id from changed_requests)
        {% endif %}
),

-- Events of an item that name the list it came from. A shop sends a click, or
-- the view of the page that it opens, or both: that is one click.
reactions as (
    select
        request_id,
        item_id,
        greatest(
            count(case when interaction_type = 'click' then 1 end),
            count(case when interaction_type = 'view' then 1 end)
        ) as n_clicks,
        count(case when interaction_type = 'cart' then 1 end) as n_carts,
        min(
            case
                when interaction_type in ('click', 'view') then occurred_at
            end
        ) as first_clicked_at
    from interactions
    group by request_id, item_id
),

final as (
    select
        served.request_id,
        served.item_id,
        served.item_rank,
        served.score,
        served.item_source,
        served.served_at,
        served.served_date,
        served.placement,
        served.customer_id,
        served.list_source,
        served.model_version,
        served.snapshot,
        served.policy,
        served.propensity,
        served.experiment,
        served.variant,
        cast(coalesce(reactions.n_clicks, 0) as integer) as n_clicks,
        cast(coalesce(reactions.n_carts, 0) as integer) as n_carts,
        reactions.first_clicked_at
    from served
    left join reactions
        on
            served.request_id = reactions.request_id
            and served.item_id = reactions.item_id
)

select * from final

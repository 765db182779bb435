{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched_days',
    unique_key='occurred_date',
    on_schema_change='fail'
) }}

-- depends_on: {{ ref('int_build__changed_requests') }}
-- which looks back at this table as the last build left it.

with

touched_days as (
    select * from {{ ref('int_build__touched_days') }}
),

interactions as (
    select * from {{ ref('int_interactions') }}
    {% if is_incremental() %}
        where occurred_date in (select touched_date from touched_days)
    {% endif %}
),

final as (
    select
        interaction_id,
        customer_id,
        item_id,
        interaction_type,
        occurred_at,
        occurred_date,
        quantity,
        amount,
        currency,
        order_id,
        request_id
    from interactions
)

select * from final

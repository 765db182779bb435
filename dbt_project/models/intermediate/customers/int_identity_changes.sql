{{ config(materialized='ephemeral') }}
-- Nothing is computed here: a mart reads staging through this layer.

with

changes as (
    select * from {{ ref('stg_core__identity_changes') }}
),

final as (
    select
        change_id,
        change,
        customer_id,
        to_customer_id,
        because,
        landing_date,
        run_id
    from changes
)

select * from final

with

interactions as (
    select * from {{ ref('int_interactions') }}
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
        order_id
    from interactions
)

select * from final

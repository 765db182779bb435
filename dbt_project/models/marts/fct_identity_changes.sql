with

changes as (
    select * from {{ ref('int_identity_changes') }}
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

with

replaced as (
    select
        customer_id,
        evaluated_from as replaced_from
    from {{ ref('int_build__evaluated_customers') }}
    union all
    select
        customer_id,
        min(state_date) as replaced_from
    from {{ ref('int_evaluation_days') }}
    group by customer_id
),

final as (
    select
        customer_id,
        min(replaced_from) as replaced_from
    from replaced
    group by customer_id
)

select * from final

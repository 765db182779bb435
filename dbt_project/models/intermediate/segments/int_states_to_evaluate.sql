{{ config(materialized='view') }}

with

evaluated as (
    select * from {{ ref('int_build__evaluated_customers') }}
),

final as (
    select
        states_of_all.*,
        rebuilt.as_of,
        evaluated.customer_id is not null as is_evaluated,
        coalesce(evaluated.evaluated_from, rebuilt.evaluated_from)
            as evaluated_from
    from {{ ref('int_customer_states') }} as states_of_all
    cross join {{ ref('int_build__window') }} as rebuilt
    left join evaluated
        on states_of_all.customer_id = evaluated.customer_id
    where
        states_of_all.state_date <= rebuilt.as_of
        and (
            states_of_all.next_date is null
            or states_of_all.next_date
            > coalesce(evaluated.evaluated_from, rebuilt.evaluated_from)
        )
)

select * from final

-- Of everybody else the rules are asked of new days only, and of these of new
-- days too, though nothing of theirs may differ before a later one.

with

evaluated as (
    select
        customer_id,
        changed_from as evaluated_from
    from {{ ref('int_build__changed_customers') }}
    union all
    select
        customer_id,
        rescored_from as evaluated_from
    from {{ ref('int_build__rescored_customers') }}
    union all
    select
        customer_id,
        changed_from as evaluated_from
    from {{ ref('int_build__changed_histories') }}
    union all
    select
        customer_id,
        changed_from as evaluated_from
    from {{ ref('int_build__changed_lists') }}
    union all
    select
        customer_id,
        changed_from as evaluated_from
    from {{ ref('int_build__changed_profiles') }}
),

final as (
    select
        evaluated.customer_id,
        least(min(evaluated.evaluated_from), min(rebuilt.evaluated_from))
            as evaluated_from
    from evaluated
    cross join {{ ref('int_build__window') }} as rebuilt
    group by evaluated.customer_id
)

select * from final

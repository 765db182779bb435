-- depends_on: {{ ref('int_build__changed_profiles') }}
-- which looks back at this table as the last build left it.

with

final as (
    select
        customer_id,
        field,
        changed_on,
        field_value
    from {{ ref('int_profile_history') }}
)

select * from final

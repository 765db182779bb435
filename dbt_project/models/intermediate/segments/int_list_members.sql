-- depends_on: {{ ref('int_build__changed_lists') }}
-- which looks back at this table as the last build left it.

with

final as (
    select
        list_name,
        customer_id
    from {{ ref('int_named_customers') }}
)

select * from final

-- depends_on: {{ ref('int_build__changed_lists') }}
-- which looks back at this table as the last build left it.

with

final as (
    select
        list_name,
        entry_id as item_id
    from {{ ref('stg_core__list_entries') }}
    where kind = 'items'
)

select * from final

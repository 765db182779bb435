-- depends_on: {{ ref('int_build__changed_feeds') }}
-- which looks back at this table as the last build left it.

with

lines as (
    select * from {{ ref('stg_core__order_lines') }}
),

final as (
    select distinct source
    from lines
)

select * from final

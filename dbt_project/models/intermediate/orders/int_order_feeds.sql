with

lines as (
    select * from {{ ref('stg_core__order_lines') }}
),

final as (
    select distinct source
    from lines
)

select * from final

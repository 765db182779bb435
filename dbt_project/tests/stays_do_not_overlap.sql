-- They do not touch either: two stays without a day between them are one.

with

ordered as (
    select
        customer_id,
        segment_id,
        entered_at,
        lag(left_at) over (
            partition by customer_id, segment_id order by entered_at
        ) as left_before,
        row_number() over (
            partition by customer_id, segment_id order by entered_at
        ) as place
    from {{ ref('fct_customer_segments') }}
)

select *
from ordered
where place > 1 and (left_before is null or left_before >= entered_at)

with

stays as (
    select * from {{ ref('fct_customer_segments') }}
),

final as (
    select
        customer_id,
        segment_id,
        entered_at as changed_at,
        'entered' as change
    from stays
    union all
    select
        customer_id,
        segment_id,
        left_at as changed_at,
        'left' as change
    from stays
    where left_at is not null
)

select * from final

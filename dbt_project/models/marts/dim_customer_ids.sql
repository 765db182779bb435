with

customer_ids as (
    select * from {{ ref('int_customer_ids') }}
),

final as (
    select
        identifier_id,
        source,
        kind,
        source_customer_id,
        value_normalised,
        customer_id,
        first_seen_at
    from customer_ids
)

select * from final

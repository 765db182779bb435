with

links as (
    select * from {{ ref('int_identity_links') }}
),

final as (
    select
        identifier_id_a,
        identifier_id_b,
        rule,
        kind_a,
        kind_b,
        customer_id_a,
        customer_id_b,
        evidence,
        weight,
        is_followed,
        held_by,
        first_seen_at
    from links
)

select * from final

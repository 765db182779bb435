with

identities as (
    select * from {{ ref('int_identities') }}
),

final as (
    select
        customer_id,
        -- A customer with browsers alone is not known.
        max(case when kind = 'anonymous_id' then 0 else 1 end) = 1 as is_known,
        min(first_seen_at) as first_seen_at,
        cast(count(*) as integer) as n_identifiers
    from identities
    group by customer_id
)

select * from final

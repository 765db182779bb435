with

people as (
    select * from {{ ref('stg_core__people') }}
),

identities as (
    select * from {{ ref('int_identities') }}
),

-- Of a customer's records the one changed last is named.
final as (
    select
        identities.customer_id,
        cast(
            count(*) over (partition by identities.customer_id) as integer
        ) as n_records,
        people.source,
        people.updated_at
    from people
    inner join identities
        on people.identifier_id = identities.identifier_id
    qualify
        row_number() over (
            partition by identities.customer_id
            order by
                people.updated_at desc nulls last,
                people.source asc,
                people.record_id asc
        ) = 1
)

select * from final

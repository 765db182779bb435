with

people as (
    select * from {{ ref('int_people') }}
    where customer_id is not null
),

-- Of a customer's records the one changed last is named.
final as (
    select
        customer_id,
        cast(count(*) over (partition by customer_id) as integer) as n_records,
        source,
        updated_at
    from people
    qualify
        row_number() over (
            partition by customer_id
            order by
                updated_at desc nulls last,
                source asc,
                record_id asc
        ) = 1
)

select * from final

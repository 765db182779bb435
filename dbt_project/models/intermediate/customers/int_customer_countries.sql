-- An order's country is where it was sent, a record's what was written down, an
-- event's a guess from an address: in this order, the latest of its sort.

with

identities as (
    select * from {{ ref('int_identities') }}
),

said as (
    select
        customer_id,
        country,
        1 as trust,
        ordered_at as said_at
    from {{ ref('int_orders') }}
    where not is_return
    union all
    select
        identities.customer_id,
        people.country,
        2 as trust,
        people.updated_at as said_at
    from {{ ref('stg_core__people') }} as people
    inner join identities
        on people.identifier_id = identities.identifier_id
    union all
    select
        customer_id,
        country,
        3 as trust,
        max(occurred_at) as said_at
    from {{ ref('int_events') }}
    group by customer_id, country
    union all
    select
        customer_id,
        country,
        4 as trust,
        max(ordered_at) as said_at
    from {{ ref('int_order_lines') }}
    group by customer_id, country
),

final as (
    select
        customer_id,
        country
    from said
    where customer_id is not null and country is not null
    qualify
        row_number() over (
            partition by customer_id
            order by trust asc, said_at desc nulls last, country asc
        ) = 1
)

select * from final

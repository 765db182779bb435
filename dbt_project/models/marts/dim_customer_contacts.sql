with

records as (
    select * from {{ ref('int_customer_records') }}
),

values_won as (
    select * from {{ ref('dim_customer_values') }}
),

side_by_side as (
    select
        customer_id,
        max(case when field = 'first_name' then value end) as first_name,
        max(case when field = 'last_name' then value end) as last_name,
        max(case when field = 'email' then value end) as email,
        max(case when field = 'phone' then value end) as phone,
        max(case when field = 'address_line' then value end) as address_line,
        max(case when field = 'city' then value end) as city,
        max(case when field = 'postcode' then value end) as postcode,
        max(case when field = 'birth_date' then value end) as birth_date
    from values_won
    group by customer_id
),

final as (
    select
        records.customer_id,
        side_by_side.first_name,
        side_by_side.last_name,
        side_by_side.email,
        side_by_side.phone,
        side_by_side.address_line,
        side_by_side.city,
        side_by_side.postcode,
        {{ parse_day('side_by_side.birth_date') }} as birth_date,
        records.source,
        records.updated_at,
        records.n_records
    from records
    left join side_by_side
        on records.customer_id = side_by_side.customer_id
)

select * from final

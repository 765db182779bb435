with

contacts as (
    select * from {{ ref('int_customer_contacts') }}
),

final as (
    select
        customer_id,
        first_name,
        last_name,
        email,
        phone,
        source,
        updated_at
    from contacts
)

select * from final

-- The surest identifier of a record that has a customer says whose it is, in
-- the order of STANDS_FOR in spark_jobs/identify/graph/likeness_links.py. One
-- that is blocked ("guest", a till's one e-mail) has none; the next one counts.

with

people as (
    select * from {{ ref('stg_core__people') }}
),

identities as (
    select * from {{ ref('int_identities') }}
),

final as (
    select
        people.source,
        people.record_id,
        coalesce(
            by_crm.customer_id,
            by_user.customer_id,
            by_email.customer_id,
            by_phone.customer_id
        ) as customer_id,
        people.email_identifier_id is not null
        and by_email.identifier_id is null as is_email_blocked,
        people.phone_identifier_id is not null
        and by_phone.identifier_id is null as is_phone_blocked,
        people.country,
        people.created_at,
        people.updated_at,
        people.ended_on
    from people
    left join identities as by_crm
        on people.crm_identifier_id = by_crm.identifier_id
    left join identities as by_user
        on people.user_identifier_id = by_user.identifier_id
    left join identities as by_email
        on people.email_identifier_id = by_email.identifier_id
    left join identities as by_phone
        on people.phone_identifier_id = by_phone.identifier_id
)

select * from final

{{ config(materialized='ephemeral') }}
-- The value of each field in each person record. Never stored: personal.

with

contacts as (
    select * from {{ ref('stg_core__contacts') }}
),

people as (
    select * from {{ ref('int_people') }}
    where customer_id is not null
),

rules as (
    select * from {{ ref('int_survivorship_rules') }}
),

final as (
    select
        people.customer_id,
        rules.field,
        contacts.source,
        case rules.field
            when 'first_name' then contacts.first_name
            when 'last_name' then contacts.last_name
            -- A till's placeholder e-mail never wins, however new.
            when 'email'
                then
                    case
                        when not people.is_email_blocked then contacts.email
                    end
            when 'phone'
                then
                    case
                        when not people.is_phone_blocked then contacts.phone
                    end
            when 'address_line' then contacts.address_line
            when 'city' then contacts.city
            when 'postcode' then contacts.postcode
            when 'birth_date' then {{ format_day('contacts.birth_date') }}
        end as value,
        -- Normalised in the lake: the same identifier is the same value.
        case rules.field
            when 'email' then contacts.email_identifier_id
            when 'phone' then contacts.phone_identifier_id
        end as identifier_id,
        'core_people/' || contacts.source || '/' || contacts.record_id
            as evidence,
        coalesce(contacts.created_at, contacts.updated_at) as first_said_at,
        coalesce(contacts.updated_at, contacts.created_at) as said_at
    from contacts
    inner join people
        on
            contacts.source = people.source
            and contacts.record_id = people.record_id
    cross join rules
    where rules.field <> 'country'
)

select * from final

{{ config(materialized='ephemeral') }}
-- Every value of a customer's profile from any row, with the form in which it
-- is compared: another spelling is the same value. Never stored: personal.

with

said as (
    select
        customer_id,
        field,
        value,
        identifier_id,
        source,
        'record' as feed,
        evidence,
        first_said_at,
        said_at,
        1 as n_said
    from {{ ref('int_contact_values') }}
    union all
    select
        customer_id,
        'country' as field,
        country as value,
        null as identifier_id,
        source,
        feed,
        evidence,
        first_said_at,
        said_at,
        n_said
    from {{ ref('int_country_values') }}
),

compared as (
    select
        *,
        coalesce(
            identifier_id,
            case
                when field = 'postcode'
                    then replace({{ simplify_text('value') }}, ' ', '')
                else {{ simplify_text('value') }}
            end
        ) as compared_as
    from said
    -- An empty field is no value.
    where {{ simplify_text('value') }} <> ''
),

final as (
    select
        customer_id,
        field,
        value,
        compared_as,
        source,
        feed,
        source || '/' || feed as said_by,
        evidence,
        first_said_at,
        said_at,
        n_said
    from compared
)

select * from final

{{ config(materialized='ephemeral') }}
-- An account and a country have no history that could be worked out again: they
-- are what they are now, on all days.

with

final as (
    select
        customer_id,
        field,
        changed_on,
        field_value
    from {{ ref('int_consent_changes') }}
    union all
    select
        customer_id,
        field,
        changed_on,
        field_value
    from {{ ref('int_tenth_changes') }}
    union all
    select
        customer_id,
        'is_known' as field,
        cast('1900-01-01' as date) as changed_on,
        case when is_known then 'true' else 'false' end as field_value
    from {{ ref('int_customers') }}
    union all
    select
        customer_id,
        'country' as field,
        cast('1900-01-01' as date) as changed_on,
        value as field_value
    from {{ ref('int_customer_value_ranks') }}
    where field = 'country' and place = 1
)

select * from final

{{ config(materialized='ephemeral') }}

with

entries as (
    select * from {{ ref('stg_core__list_entries') }}
    where kind = 'customers'
),

identities as (
    select * from {{ ref('int_identities') }}
),

final as (
    select distinct
        entries.list_name,
        identities.customer_id
    from entries
    inner join identities
        on entries.entry_id = identities.identifier_id
)

select * from final

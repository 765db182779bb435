-- Hazard: an identifier that moves to another customer takes its whole history
-- with it, so past days change without a change in their rows.

{% set before = get_previous_relation('int_identities') %}

with

identities as (
    select * from {{ ref('stg_core__identities') }}
),

identities_before as (
    {% if before %}
        select
            identifier_id,
            customer_id
        from {{ before }}
    {% else %}
        select
            cast(null as varchar) as identifier_id,
            cast(null as varchar) as customer_id
        where 1 = 0
    {% endif %}
),

final as (
    select
        coalesce(identities.identifier_id, identities_before.identifier_id)
            as identifier_id
    from identities
    full outer join identities_before
        on identities.identifier_id = identities_before.identifier_id
    where identities.customer_id is distinct from identities_before.customer_id
)

select * from final

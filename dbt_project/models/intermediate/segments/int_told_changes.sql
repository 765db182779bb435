{{ config(materialized='view') }}
-- The days on which a consent or a tenth that a segment's rule asks for is
-- another one than before.

with

changes as (
    select * from {{ ref('int_profile_changes') }}
    where field like '%_consent' or field like '%_decile'
),

differing as (
    select
        customer_id,
        field,
        changed_on
    from changes
    qualify
        field_value is distinct from
        lag(field_value) over (
            partition by customer_id, field order by changed_on
        )
),

final as (
    select
        differing.customer_id,
        segments.segment_id,
        differing.changed_on,
        min(
            case
                when differing.field like '%_consent' then 'consent'
                else 'model'
            end
        ) as reason
    from differing
    inner join {{ ref('int_segment_definitions') }} as segments
        on
            ' ' || segments.profile_fields || ' '
            like '% ' || differing.field || ' %'
    group by
        differing.customer_id,
        segments.segment_id,
        differing.changed_on
)

select * from final

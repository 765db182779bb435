{{ config(
    materialized='incremental',
    incremental_strategy='replace_stays',
    on_schema_change='fail'
) }}

-- depends_on: {{ ref('int_segment_definitions') }}
-- depends_on: {{ ref('int_build__replaced_stays') }}
-- Hazard: a stay that is open when a customer is evaluated again goes on, or
-- ends on the first of those days; only this table knows when it began. Stays
-- in learned segments are as the nights wrote them, and replaced every time.

with

stays as (
    select * from {{ ref('int_segment_stays') }}
),

begun_before as (
    {% if is_incremental() %}
        select stays_before.*
        from ({{ select_stays_before(this) }}) as stays_before
        where
            (left_at is null or left_at >= replaced_from)
            and segment_id in (
                select segment_id
                from {{ ref('int_segment_definitions') }}
                where kind in ('rfm', 'rule')
            )
    {% else %}
        {{ select_no_stays() }}
    {% endif %}
),

final as (
    {{ select_joined_stays('stays', 'begun_before') }}
    union all
    select
        customer_id,
        segment_id,
        entered_at,
        left_at
    from {{ ref('int_learned_stays') }}
)

select * from final

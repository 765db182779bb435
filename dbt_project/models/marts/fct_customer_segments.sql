{{ config(
    materialized='incremental',
    incremental_strategy='replace_stays',
    on_schema_change='fail'
) }}

-- depends_on: {{ ref('int_segment_definitions') }}
-- Hazard: a stay that is open when a customer is evaluated again goes on, or
-- ends on the first of those days; only this table knows when it began. Stays
-- in learned segments are as the nights wrote them, and replaced every time.

with

replaced as (
    select * from {{ ref('int_build__replaced_stays') }}
),

stays as (
    select * from {{ ref('int_segment_stays') }}
),

begun_before as (
    {% if is_incremental() %}
        select
            stays_before.customer_id,
            stays_before.segment_id,
            stays_before.entered_at,
            replaced.replaced_from
        from {{ this }} as stays_before
        inner join replaced
            on stays_before.customer_id = replaced.customer_id
        where
            stays_before.entered_at < replaced.replaced_from
            and (
                stays_before.left_at is null
                or stays_before.left_at >= replaced.replaced_from
            )
            and stays_before.segment_id in (
                select segment_id
                from {{ ref('int_segment_definitions') }}
                where kind in ('rfm', 'rule')
            )
    {% else %}
        select
            cast(null as varchar) as customer_id,
            cast(null as varchar) as segment_id,
            cast(null as timestamp) as entered_at,
            cast(null as date) as replaced_from
        from replaced
        where 1 = 0
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

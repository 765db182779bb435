{{ config(
    materialized='incremental',
    incremental_strategy='replace_stays',
    on_schema_change='fail'
) }}

-- Hazard: a stay that is open when the window begins goes on in it, or ends on
-- its first day; only this table knows when it began.

with

rebuilt as (
    select * from {{ ref('int_build__window') }}
),

stays as (
    select
        stays_within.*,
        rebuilt.as_of
    from {{ ref('int_segment_stays') }} as stays_within
    cross join rebuilt
),

begun_before as (
    {% if is_incremental() %}
        select
            stays_before.customer_id,
            stays_before.segment_id,
            stays_before.entered_at,
            rebuilt.rebuilt_from
        from {{ this }} as stays_before
        cross join rebuilt
        where
            stays_before.entered_at < rebuilt.rebuilt_from
            and (
                stays_before.left_at is null
                or stays_before.left_at >= rebuilt.rebuilt_from
            )
    {% else %}
        select
            cast(null as varchar) as customer_id,
            cast(null as varchar) as segment_id,
            cast(null as timestamp) as entered_at,
            cast(null as date) as rebuilt_from
        where 1 = 0
    {% endif %}
),

final as (
    select
        coalesce(stays.customer_id, begun_before.customer_id) as customer_id,
        coalesce(stays.segment_id, begun_before.segment_id) as segment_id,
        coalesce(begun_before.entered_at, cast(stays.first_date as timestamp))
            as entered_at,
        cast(case
            when stays.customer_id is null then begun_before.rebuilt_from
            when stays.last_date < stays.as_of
                then {{ add_days('stays.last_date', 1) }}
        end as timestamp) as left_at
    from stays
    full outer join begun_before
        on
            stays.customer_id = begun_before.customer_id
            and stays.segment_id = begun_before.segment_id
            and stays.first_date = begun_before.rebuilt_from
)

select * from final

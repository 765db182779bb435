{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed_days',
    unique_key='served_date',
    on_schema_change='fail'
) }}

with

source as (
    select * from {{ source('lake', 'core_impressions') }}
    {% if is_incremental() %}
        where {{ is_changed_day('core_impressions', 'served_date') }}
    {% endif %}
),

renamed as (
    select
        request_id,
        {{ to_utc('served_at') }} as served_at,
        served_date,
        placement,
        customer_id,
        list_source,
        items,
        model_version,
        snapshot,
        policy,
        propensity,
        experiment,
        variant
    from source
)

select * from renamed

{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed_days',
    unique_key='occurred_date',
    on_schema_change='fail'
) }}

with

source as (
    select * from {{ source('lake', 'core_events') }}
    {% if is_incremental() %}
        where {{ is_changed_day('core_events', 'occurred_date') }}
    {% endif %}
),

renamed as (
    select
        event_id,
        -- An event that was sent to the service uses the ids of a feed's.
        coalesce(id_source, source) as source,
        event_type,
        {{ to_utc('occurred_at') }} as occurred_at,
        occurred_date,
        item_id,
        order_id,
        quantity,
        unit_price,
        currency,
        user_identifier_id,
        anonymous_identifier_id,
        session_id,
        device_type,
        campaign,
        country,
        request_id,
        is_bot,
        latitude,
        longitude,
        local_minute
    from source
)

select * from renamed

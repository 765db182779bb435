with

source as (
    select * from {{ source('lake', 'core_impressions') }}
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

{{ config(materialized='view') }}

with

stays as (
    select * from {{ ref('fct_customer_segments') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

final as (
    select
        stays.customer_id,
        stays.segment_id,
        dates.calendar_date as membership_date
    from stays
    inner join dates
        on
            dates.calendar_date >= cast(stays.entered_at as date)
            and (
                stays.left_at is null
                or dates.calendar_date < cast(stays.left_at as date)
            )
)

select * from final

with

daily as (
    select * from {{ ref('fct_customer_segments_daily') }}
),

final as (
    select
        segment_id,
        membership_date,
        cast(count(*) as integer) as n_customers
    from daily
    group by segment_id, membership_date
)

select * from final

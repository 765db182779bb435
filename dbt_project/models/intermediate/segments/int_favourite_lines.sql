{{ config(materialized='view') }}
-- How often the commonest category was bought by the end of a day: counts by
-- category never fall, so the most of all so far is the most of now.

with

category_days as (
    select * from {{ ref('int_customer_category_days') }}
    {{ where_customer_changed() }}
),

bought as (
    select
        customer_id,
        least(activity_date, {{ as_of() }}) as counted_date,
        sum(n_lines) over (
            partition by customer_id, category
            order by activity_date
            rows between unbounded preceding and current row
        ) as n_lines_so_far
    from category_days
),

final as (
    select
        customer_id,
        counted_date,
        max(n_lines_so_far) as n_favourite_lines
    from bought
    group by customer_id, counted_date
)

select * from final

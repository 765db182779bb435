with

spine as (
    select * from {{ ref('int_spine') }}
),

category_days as (
    select * from {{ ref('int_customer_category_days') }}
),

bought as (
    select
        spine.customer_id,
        spine.state_date,
        category_days.category,
        sum(category_days.n_lines) as n_lines
    from spine
    inner join category_days
        on
            spine.customer_id = category_days.customer_id
            and spine.state_date
            >= least(category_days.activity_date, {{ as_of() }})
    group by spine.customer_id, spine.state_date, category_days.category
),

final as (
    select
        customer_id,
        state_date,
        cast(sum(n_lines) as integer) as n_category_lines,
        cast(floor(100 * max(n_lines) / sum(n_lines)) as integer)
            as favourite_category_percent
    from bought
    group by customer_id, state_date
)

select * from final

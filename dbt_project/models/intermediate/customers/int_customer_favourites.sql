with

category_days as (
    select * from {{ ref('int_customer_category_days') }}
),

counted as (
    select
        customer_id,
        category,
        sum(n_lines) as n_lines
    from category_days
    group by customer_id, category
),

placed as (
    select
        customer_id,
        category,
        row_number() over (
            partition by customer_id order by n_lines desc, category asc
        ) as place
    from counted
),

final as (
    select
        customer_id,
        max(case when place = 1 then category end) as favourite_category,
        {{ join_texts('category', ', ', 'place') }} as favourite_categories
    from placed
    where place <= 3
    group by customer_id
)

select * from final

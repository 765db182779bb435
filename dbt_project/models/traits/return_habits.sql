-- An example of traits in SQL: how often, and of how much, goods come back.

with

lines as (
    select * from {{ ref('fct_order_lines') }}
    where customer_id is not null and is_goods
),

counted as (
    select
        customer_id,
        sum(case when is_sold then quantity end) as n_bought,
        -sum(case when line_type = 'return' then quantity end) as n_returned
    from lines
    group by customer_id
),

final as (
    select
        customer_id,
        cast(coalesce(n_returned, 0) as double precision)
        / nullif(n_bought, 0) as share_returned,
        coalesce(n_returned, 0) > 0 as has_returned
    from counted
)

select * from final

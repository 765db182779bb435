-- Do new customers carry the shop, or those who come back?

with

orders as (
    select * from {{ ref('fct_orders') }}
    where not is_return and customer_id is not null
),

placed as (
    select
        customer_id,
        coalesce({{ in_shop_currency('amount') }}, 0) as amount,
        {{ get_period_start('month', 'ordered_date') }} as month_starts_on,
        min({{ get_period_start('month', 'ordered_date') }}) over (
            partition by customer_id
        ) as first_month_starts_on
    from orders
),

final as (
    select
        month_starts_on,
        count(distinct case
            when month_starts_on = first_month_starts_on then customer_id
        end) as n_new_customers,
        count(distinct case
            when month_starts_on > first_month_starts_on then customer_id
        end) as n_returning_customers,
        sum(case
            when month_starts_on = first_month_starts_on then amount
            else 0
        end) as amount_of_new,
        sum(case
            when month_starts_on > first_month_starts_on then amount
            else 0
        end) as amount_of_returning
    from placed
    group by month_starts_on
)

select * from final
order by month_starts_on

-- Of those who first ordered in a month, how many order again how many months
-- later?

with

orders as (
    select * from {{ ref('fct_orders') }}
    where not is_return and customer_id is not null
),

placed as (
    select distinct
        customer_id,
        {{ get_period_start('month', 'ordered_date') }} as month_starts_on
    from orders
),

firsts as (
    select
        customer_id,
        min(month_starts_on) as cohort
    from placed
    group by customer_id
),

ages as (
    select
        firsts.cohort,
        placed.month_starts_on,
        cast(
            12 * (
                extract(year from placed.month_starts_on)
                - extract(year from firsts.cohort)
            )
            + extract(month from placed.month_starts_on)
            - extract(month from firsts.cohort) as integer
        ) as n_months_later,
        count(*) as n_customers
    from placed
    inner join firsts on placed.customer_id = firsts.customer_id
    group by firsts.cohort, placed.month_starts_on
),

final as (
    select
        cohort,
        n_months_later,
        n_customers,
        round(
            100.0 * n_customers
            / max(n_customers) over (partition by cohort), 1
        ) as retained_percent
    from ages
)

select * from final
order by cohort, n_months_later

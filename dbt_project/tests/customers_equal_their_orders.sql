-- Whatever guests bought is nobody's; all the rest is somebody's, once.

with

customers as (
    select
        sum(n_orders) as n_orders,
        sum(n_returns) as n_returns,
        cast(sum(amount_net) as decimal(18, 4)) as amount_net
    from {{ ref('dim_customers') }}
),

orders as (
    select
        count(case when not is_return then 1 end) as n_orders,
        count(case when is_return then 1 end) as n_returns,
        cast(sum(amount) as decimal(18, 4)) as amount_net
    from {{ ref('fct_orders') }}
    where customer_id is not null
)

select *
from customers
cross join orders
where
    customers.n_orders <> orders.n_orders
    or customers.n_returns <> orders.n_returns
    or customers.amount_net <> orders.amount_net

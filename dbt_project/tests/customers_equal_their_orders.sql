{{ config(severity='warn') }}
-- A warning, since where customers pay in two currencies it counts what their
-- amounts leave out; customers_equal_their_orders_by_currency always holds.
-- Guests' orders belong to no customer; every other order belongs to one. No
-- customers at all count as 0, so orders without any customer are found.

with

customers as (
    select
        coalesce(sum(n_orders), 0) as n_orders,
        coalesce(sum(n_returns), 0) as n_returns,
        cast(coalesce(sum(amount_net), 0) as decimal(38, 4)) as amount_net
    from {{ ref('dim_customers') }}
),

orders as (
    select
        count(case when not is_return then 1 end) as n_orders,
        count(case when is_return then 1 end) as n_returns,
        cast(coalesce(sum(amount), 0) as decimal(38, 4)) as amount_net
    from {{ ref('fct_orders') }}
    where customer_id is not null
)

select *
from customers
cross join orders
where
    customers.n_orders is distinct from orders.n_orders
    or customers.n_returns is distinct from orders.n_returns
    or customers.amount_net is distinct from orders.amount_net

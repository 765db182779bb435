-- A customer's amounts are those of their orders in their currency, and every
-- other order of theirs is counted as such.

with

customers as (
    select * from {{ ref('dim_customers') }}
),

orders as (
    select
        customer_id,
        currency,
        count(case when not is_return then 1 end) as n_orders,
        count(case when is_return then 1 end) as n_returns,
        sum(amount) as amount_net
    from {{ ref('fct_orders') }}
    where customer_id is not null
    group by customer_id, currency
),

expected as (
    select
        orders.customer_id,
        sum(orders.n_orders) as n_orders,
        sum(orders.n_returns) as n_returns,
        sum(
            case
                when orders.currency <> customers.currency
                    then orders.n_orders + orders.n_returns
                else 0
            end
        ) as n_other_currency_orders,
        sum(
            case
                when orders.currency = customers.currency
                    then orders.amount_net
                else 0
            end
        ) as amount_net
    from orders
    left join customers
        on orders.customer_id = customers.customer_id
    group by orders.customer_id
)

select
    customers.customer_id,
    expected.customer_id as customer_id_of_orders
from customers
full outer join expected
    on customers.customer_id = expected.customer_id
where
    customers.n_orders is distinct from coalesce(expected.n_orders, 0)
    or customers.n_returns is distinct from coalesce(expected.n_returns, 0)
    or customers.n_other_currency_orders
    is distinct from coalesce(expected.n_other_currency_orders, 0)
    or customers.amount_net is distinct from
    cast(coalesce(expected.amount_net, 0) as decimal(38, 4))

-- Hazards: an order may hold sold and returned lines; those are two rows. Lines
-- in another currency than the order's are never added to it: they are counted
-- in n_other_currency_lines, and listed in rpt_order_conflicts.

with

order_lines as (
    select * from {{ ref('int_order_lines') }}
    where is_sold or is_returned
),

web_orders as (
    select * from {{ ref('int_web_orders') }}
),

orders as (
    select
        source,
        order_id,
        is_returned as is_return,
        customer_id,
        order_currency as currency,
        order_country as country,
        order_channel as channel,
        min(ordered_at) as ordered_at,
        min(ordered_date) as ordered_date,
        count(*) as n_lines,
        count(case when order_lines.currency <> order_currency then 1 end)
            as n_other_currency_lines,
        abs(sum(quantity)) as n_units,
        sum(
            case
                when order_lines.currency = order_currency then amount
                else 0
            end
        ) as amount
    from order_lines
    group by
        source,
        order_id,
        is_returned,
        customer_id,
        order_currency,
        order_country,
        order_channel
),

final as (
    select
        orders.source,
        orders.order_id,
        orders.is_return,
        orders.customer_id,
        orders.ordered_at,
        orders.ordered_date,
        cast(orders.n_lines as integer) as n_lines,
        cast(orders.n_other_currency_lines as integer)
            as n_other_currency_lines,
        cast(orders.n_units as bigint) as n_units,
        cast(orders.amount as decimal(38, 4)) as amount,
        orders.currency,
        orders.country,
        orders.channel,
        web_orders.session_id,
        web_orders.request_id,
        web_orders.device_type,
        web_orders.campaign
    from orders
    left join web_orders
        on
            orders.source = web_orders.source
            and orders.order_id = web_orders.order_id
            and not orders.is_return
)

select * from final

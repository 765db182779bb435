{{ config(materialized='ephemeral') }}
-- Where the lines of an order differ, the first line by number that has a value
-- decides. Values of other lines are in rpt_order_conflicts.

with

lines as (
    select * from {{ ref('int_order_line_customers') }}
),

final as (
    select
        source,
        order_id,
        min_by(
            line_customer_id,
            case when line_customer_id is not null then line_no end
        ) as customer_id,
        min_by(country, case when country is not null then line_no end)
            as country,
        min_by(channel, case when channel is not null then line_no end)
            as channel,
        -- Sold and returned lines of one order are two rows of fct_orders.
        min_by(currency, case when is_sold then line_no end)
            as sold_currency,
        min_by(currency, case when is_returned then line_no end)
            as returned_currency
    from lines
    group by source, order_id
)

select * from final

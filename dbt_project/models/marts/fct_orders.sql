with

order_lines as (
    select * from {{ ref('int_order_lines') }}
    where is_sold or is_returned
),

final as (
    select
        source,
        order_id,
        is_returned as is_return,
        min(customer_id) as customer_id,
        min(ordered_at) as ordered_at,
        min(ordered_date) as ordered_date,
        cast(count(*) as integer) as n_lines,
        cast(abs(sum(quantity)) as integer) as n_units,
        cast(sum(amount) as decimal(18, 4)) as amount,
        min(currency) as currency,
        min(country) as country,
        min(channel) as channel
    from order_lines
    group by source, order_id, is_returned
)

select * from final

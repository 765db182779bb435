{{ config(materialized='view') }}
-- By currency, so that amounts of two are never added. Readers choose the
-- customer's currency by int_customer_currencies: a late order may change it
-- for days that nothing else touches.

with

touched_days as (
    select * from {{ ref('int_build__touched_days') }}
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
    where
        customer_id is not null
        and (is_sold or is_returned)
        and currency = order_currency
        {% if is_incremental_build() %}
            and ordered_date in (select touched_date from touched_days)
        {% endif %}
),

final as (
    select
        customer_id,
        ordered_date as activity_date,
        currency,
        cast(sum(case when is_sold then amount else 0 end) as decimal(38, 4))
            as amount_spent,
        cast(
            -sum(case when is_returned then amount else 0 end)
            as decimal(38, 4)
        ) as amount_returned
    from order_lines
    group by customer_id, ordered_date, currency
)

select * from final

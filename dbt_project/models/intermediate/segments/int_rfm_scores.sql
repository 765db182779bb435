-- Quintiles of the customers who had bought by the end of that day. The score
-- is 1 + floor(5 * (rank - 1) / customers), and equals share a rank, so equal
-- customers have equal scores and no tie is broken by chance. A customer's
-- score may change on a day on which only others did something.

with

states as (
    select * from {{ ref('int_customer_states') }}
    where n_orders > 0
),

ranked as (
    select
        customer_id,
        state_date,
        count(*) over (partition by state_date) as n_customers,
        rank() over (
            partition by state_date order by days_since_last_order desc
        ) - 1 as n_less_recent,
        rank() over (partition by state_date order by n_orders) - 1
            as n_less_frequent,
        rank() over (partition by state_date order by amount_spent) - 1
            as n_spent_less
    from states
),

scored as (
    select
        customer_id,
        state_date,
        cast(1 + floor(5 * n_less_recent / n_customers) as integer)
            as recency_score,
        cast(1 + floor(5 * n_less_frequent / n_customers) as integer)
            as frequency_score,
        cast(1 + floor(5 * n_spent_less / n_customers) as integer)
            as monetary_score,
        cast(floor(100 * n_spent_less / n_customers) as integer)
            as spend_percentile
    from ranked
),

final as (
    select
        *,
        cast(floor((frequency_score + monetary_score + 1) / 2) as integer)
            as value_score
    from scored
)

select * from final

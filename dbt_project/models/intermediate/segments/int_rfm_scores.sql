-- Quintiles of the customers who had bought by the end of that day. Ties have
-- equal scores, so none is broken by chance. In recency they share the best
-- score of their ranks: a customer who bought on the newest day has 5. In
-- frequency and money they share the lowest: one who bought as often as
-- everybody has 1. Money is compared within one currency. Until two customers
-- differ in the day of their last order the scores mean nothing
-- (is_comparable), and no segment reads them. A customer's score may change on
-- a day on which only others were active.

with

currencies as (
    select * from {{ ref('int_customer_currencies') }}
),

states as (
    select
        states_of_all.*,
        currencies.currency
    from {{ ref('int_customer_states') }} as states_of_all
    left join currencies
        on states_of_all.customer_id = currencies.customer_id
    where states_of_all.n_orders > 0
),

ranked as (
    select
        customer_id,
        state_date,
        count(*) over (partition by state_date) as n_customers,
        count(*) over (partition by state_date, currency) as n_payers,
        min(days_since_last_order) over (partition by state_date)
        < max(days_since_last_order) over (partition by state_date)
            as is_comparable,
        rank() over (
            partition by state_date order by days_since_last_order
        ) - 1 as n_more_recent,
        rank() over (partition by state_date order by n_orders) - 1
            as n_less_frequent,
        rank() over (
            partition by state_date, currency order by amount_spent
        ) - 1 as n_spent_less
    from states
),

scored as (
    select
        customer_id,
        state_date,
        is_comparable,
        cast(5 - floor(5 * n_more_recent / n_customers) as integer)
            as recency_score,
        cast(1 + floor(5 * n_less_frequent / n_customers) as integer)
            as frequency_score,
        cast(1 + floor(5 * n_spent_less / n_payers) as integer)
            as monetary_score,
        cast(floor(100 * n_spent_less / n_payers) as integer)
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

-- Quintiles of the customers who had bought by the end of that day. Ties have
-- equal scores, so none is broken by chance. In recency they share the best
-- score of their ranks: a customer who bought on the newest day has 5. In
-- frequency and money they share the lowest: one who bought as often as
-- everybody has 1. Money is compared within one currency. Until two customers
-- differ in the day of their last order the scores are not known. A customer's
-- score may change on a day on which only others were active. spend_percentile
-- is rounded down to the next that a rule asks for.

with

states as (
    select * from {{ ref('int_evaluated_states') }}
    where n_orders > 0
),

cuts as (
    select * from {{ ref('int_score_cuts_by_day') }}
),

passed as (
    select
        states.customer_id,
        states.state_date,
        cuts.recency_0 < cuts.recency_100 as is_comparable,
        5 - {{ count_passed_quintiles('states.days_before_2000', 'recency') }}
            as recency_score,
        1 + {{ count_passed_quintiles('states.n_orders', 'frequency') }}
            as frequency_score,
        1 + {{ count_passed_quintiles('states.amount_spent', 'money') }}
            as monetary_score,
        {{ get_passed_share('states.amount_spent', 'money') }}
            as spend_percentile
    from states
    inner join cuts
        on
            states.state_date = cuts.state_date
            and states.currency = cuts.currency
),

final as (
    select
        customer_id,
        state_date,
        case when is_comparable then recency_score end as recency_score,
        case when is_comparable then frequency_score end as frequency_score,
        case when is_comparable then monetary_score end as monetary_score,
        case
            when is_comparable
                then cast(floor(
                    (frequency_score + monetary_score + 1) / 2
                ) as integer)
        end as value_score,
        spend_percentile
    from passed
)

select * from final

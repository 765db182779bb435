-- The fields a segment's rule may name; segments/fields.py lists them.

with

states as (
    select * from {{ ref('int_evaluated_states') }}
),

scores as (
    select * from {{ ref('int_rfm_scores') }}
),

final as (
    select
        states.customer_id,
        states.state_date,
        states.days_since_first_seen,
        states.days_since_last_seen,
        states.days_since_first_order,
        states.days_since_last_order,
        states.days_since_last_cart,
        states.n_orders,
        states.n_orders_90d,
        states.n_returns,
        states.amount_spent,
        states.amount_spent_90d,
        states.amount_returned,
        states.amount_spent - states.amount_returned as amount_net,
        -- At most a million: 0.0001 sold and a million returned is a share
        -- that no integer holds. By case: of a number and null least() is the
        -- number in DuckDB, and null in Snowflake.
        case
            when states.amount_spent > 0
                then cast(least(floor(
                    100 * states.amount_returned
                    / nullif(states.amount_spent, 0)
                ), 1000000) as integer)
        end as returned_percent,
        -- 100: the last order is as long ago as orders lie apart on average.
        cast(floor(
            cast(100 as bigint) * states.days_since_last_order
            * (states.n_order_days - 1)
            / nullif(
                states.days_since_first_order - states.days_since_last_order, 0
            )
        ) as integer) as overdue_percent,
        states.n_consumable_days,
        states.n_views_30d,
        states.n_carts_30d,
        states.last_cart_at is not null
        and (
            states.last_order_at is null
            or states.last_cart_at > states.last_order_at
        ) as has_open_cart,
        states.n_category_lines,
        case
            when states.n_category_lines > 0
                then cast(floor(
                    100 * states.n_favourite_lines / states.n_category_lines
                ) as integer)
        end as favourite_category_percent,
        scores.recency_score,
        scores.frequency_score,
        scores.monetary_score,
        scores.value_score,
        scores.spend_percentile,
        {{ list_profile_columns('profiles') }}
    from states
    left join scores
        on
            states.customer_id = scores.customer_id
            and states.state_date = scores.state_date
    left join {{ ref('int_profile_fields') }} as profiles
        on
            states.customer_id = profiles.customer_id
            and states.state_date = profiles.state_date
)

select * from final

{{ config(materialized='view') }}
-- Each of the three values on a scale on which more lies above a cut: of two
-- customers the one who bought longer ago has more days. Buckets keep their
-- order and are what is joined on: one day, one count, about one share of an
-- amount.

with

spans as (
    select * from {{ ref('int_buyer_spans') }}
),

measured as (
    select
        *,
        'recency' as measure,
        '' as score_group,
        {{ days_between('last_order_date', "cast('2000-01-01' as date)") }}
            as score_value
    from spans
    union all
    select
        *,
        'frequency' as measure,
        '' as score_group,
        n_orders as score_value
    from spans
    union all
    select
        *,
        'money' as measure,
        currency as score_group,
        amount_spent as score_value
    from spans
),

final as (
    select
        customer_id,
        from_date,
        next_date,
        measure,
        score_group,
        cast(score_value as decimal(38, 4)) as score_value,
        cast(
            case
                when measure <> 'money' then score_value
                else floor(100 * ln(
                    1 + cast(score_value as double precision)
                ))
            end as integer
        ) as score_bucket
    from measured
)

select * from final

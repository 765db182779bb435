{{ config(materialized='view') }}
-- Buckets are counted, not customers: the k-th least value of a day lies in the
-- bucket in which the k-th buyer is, counted from below.

with

counted as (
    select
        *,
        sum(n_buyers) over (
            partition by measure, score_group, state_date
            order by score_bucket
            rows between unbounded preceding and current row
        ) - n_buyers as n_below,
        sum(n_buyers) over (partition by measure, score_group, state_date)
            as n_all
    from {{ ref('int_build__bucket_counts') }}
    where n_buyers > 0
),

shares as (
    {{ select_score_shares() }}
),

-- The least value is at the place of the share 0 too.
sought as (
    select
        counted.*,
        shares.share,
        greatest(1, cast(ceil(shares.share * n_all / 100.0) as integer))
            as sought_place
    from counted
    inner join shares
        on counted.measure = shares.measure
),

final as (
    select
        measure,
        score_group,
        score_bucket,
        state_date,
        share,
        sought_place - n_below as place
    from sought
    where sought_place > n_below and sought_place <= n_below + n_buyers
)

select * from final

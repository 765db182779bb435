with

values_won as (
    select * from {{ ref('dim_customer_values') }}
    where n_values > 1
),

-- The best value that did not win.
others as (
    select * from {{ ref('dim_customer_other_values') }}
    qualify
        row_number() over (partition by customer_id, field order by place) = 1
),

-- No values, so that a reader without that grant may see the conflicts.
final as (
    select
        values_won.customer_id,
        values_won.field,
        values_won.rule,
        values_won.comes_with,
        values_won.n_values,
        values_won.n_said,
        values_won.n_agreeing,
        values_won.said_by,
        values_won.source,
        values_won.feed,
        values_won.evidence,
        values_won.said_at,
        others.source as other_source,
        others.feed as other_feed,
        others.evidence as other_evidence,
        others.said_at as other_said_at
    from values_won
    left join others
        on
            values_won.customer_id = others.customer_id
            and values_won.field = others.field
)

select * from final

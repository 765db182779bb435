with

values_won as (
    select * from {{ ref('dim_customer_values') }}
),

-- No values: whoever may not read them may still see where they are at odds.
final as (
    select
        customer_id,
        field,
        rule,
        comes_with,
        n_values,
        n_said,
        n_agreeing,
        said_by,
        source,
        feed,
        evidence,
        said_at
    from values_won
    where n_values > 1
)

select * from final

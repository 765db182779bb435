with

ranked as (
    select * from {{ ref('int_customer_value_ranks') }}
),

rules as (
    select * from {{ ref('int_survivorship_rules') }}
),

spread as (
    select
        customer_id,
        field,
        min(rule) as rule,
        min(comes_with) as comes_with,
        cast(count(distinct compared_as) as integer) as n_values,
        cast(sum(n_said) as integer) as n_said,
        {{ join_texts('distinct said_by', ', ', 'said_by') }} as said_by
    from ranked
    group by customer_id, field
),

leaders as (
    select
        customer_id,
        field,
        evidence
    from ranked
    where place = 1 and field in (select comes_with from rules)
),

-- A value that comes with another field's winner is of the same record.
won as (
    select ranked.*
    from ranked
    left join leaders
        on
            ranked.customer_id = leaders.customer_id
            and ranked.comes_with = leaders.field
    where
        (ranked.comes_with is null and ranked.place = 1)
        or (
            ranked.comes_with is not null
            and coalesce(leaders.evidence, ranked.evidence) = ranked.evidence
        )
    qualify
        row_number() over (
            partition by ranked.customer_id, ranked.field
            order by ranked.place
        ) = 1
),

final as (
    select
        spread.customer_id,
        spread.field,
        won.value,
        spread.rule,
        spread.comes_with,
        won.source,
        won.feed,
        won.evidence,
        won.first_said_at,
        won.said_at,
        spread.n_values,
        spread.n_said,
        cast(coalesce(won.n_agreeing, 0) as integer) as n_agreeing,
        spread.said_by
    from spread
    left join won
        on
            spread.customer_id = won.customer_id
            and spread.field = won.field
)

select * from final

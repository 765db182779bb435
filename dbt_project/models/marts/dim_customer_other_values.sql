with

ranked as (
    select * from {{ ref('int_customer_value_ranks') }}
),

values_won as (
    select * from {{ ref('dim_customer_values') }}
    where n_values > 1
),

-- The winner in the form compared; null where a field without a value won.
winners as (
    select
        values_won.customer_id,
        values_won.field,
        min(ranked.compared_as) as compared_as
    from values_won
    left join ranked
        on
            values_won.customer_id = ranked.customer_id
            and values_won.field = ranked.field
            and values_won.evidence = ranked.evidence
            and values_won.value = ranked.value
    group by values_won.customer_id, values_won.field
),

final as (
    select
        ranked.customer_id,
        ranked.field,
        cast(ranked.place as integer) as place,
        ranked.value,
        ranked.source,
        ranked.feed,
        ranked.evidence,
        ranked.first_said_at,
        ranked.said_at,
        cast(ranked.n_agreeing as integer) as n_agreeing
    from ranked
    inner join winners
        on
            ranked.customer_id = winners.customer_id
            and ranked.field = winners.field
            and ranked.compared_as is distinct from winners.compared_as
    qualify
        row_number() over (
            partition by
                ranked.customer_id, ranked.field, ranked.compared_as
            order by ranked.place
        ) = 1
)

select * from final

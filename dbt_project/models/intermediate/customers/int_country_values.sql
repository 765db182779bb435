-- Equal values of one feed are one row, with the latest of them as evidence.
-- No window function: all events are read, and only the latest of each group
-- is needed (4 million events on one core: 4.5 s by a window, 2.7 s like this).

with

said as (
    select * from {{ ref('int_countries_said') }}
    where customer_id is not null and country is not null
),

answers as (
    select
        customer_id,
        source,
        feed,
        country,
        min(first_said_at) as first_said_at,
        max(said_at) as said_at,
        cast(count(*) as integer) as n_said
    from said
    group by customer_id, source, feed, country
),

final as (
    select
        answers.customer_id,
        answers.source,
        answers.feed,
        answers.country,
        min(said.evidence) as evidence,
        answers.first_said_at,
        answers.said_at,
        answers.n_said
    from answers
    inner join said
        on
            answers.customer_id = said.customer_id
            and answers.source = said.source
            and answers.feed = said.feed
            and answers.country = said.country
            and answers.said_at is not distinct from said.said_at
    group by
        answers.customer_id,
        answers.source,
        answers.feed,
        answers.country,
        answers.first_said_at,
        answers.said_at,
        answers.n_said
)

select * from final

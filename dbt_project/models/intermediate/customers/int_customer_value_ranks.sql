{{ config(materialized='ephemeral') }}
-- The values of each field, ranked by the field's rule. Never
-- stored here: personal.

with

candidates as (
    select * from {{ ref('int_customer_values') }}
),

rules as (
    select * from {{ ref('int_survivorship_rules') }}
),

priorities as (
    select * from {{ ref('int_survivorship_priorities') }}
),

weighed as (
    select
        candidates.*,
        rules.rule,
        rules.comes_with,
        sum(candidates.n_said) over (
            partition by
                candidates.customer_id,
                candidates.field,
                candidates.compared_as
        ) as n_agreeing,
        -- Sources and feeds outside the list come after those in it.
        least(
            coalesce(sources.place, 1000), coalesce(feeds.place, 1000)
        ) as priority
    from candidates
    inner join rules
        on candidates.field = rules.field
    left join priorities as sources
        on
            candidates.field = sources.field
            and candidates.source = sources.said_by
    left join priorities as feeds
        on
            candidates.field = feeds.field
            and candidates.feed = feeds.said_by
),

-- Keys of other rules are null in every row, so they do not decide.
final as (
    select
        *,
        row_number() over (
            partition by customer_id, field
            order by
                case when rule = 'source_priority' then priority end asc
                nulls last,
                case when rule = 'most_frequent' then n_agreeing end desc
                nulls last,
                case when rule = 'longest' then length(trim(value)) end desc
                nulls last,
                case when rule = 'first_seen' then first_said_at end asc
                nulls last,
                said_at desc nulls last,
                source asc,
                evidence asc,
                value asc
        ) as place
    from weighed
)

select * from final

{{ config(materialized='ephemeral') }}
-- Every value of a field in the order in which its rule wants it. Never
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
        -- Whom the list does not name comes after all whom it names.
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

-- What does not belong to the rule is null for all, and decides nothing.
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

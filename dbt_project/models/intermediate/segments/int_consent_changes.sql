{{ config(materialized='ephemeral') }}
-- A consent holds from the shop's day of the word on. A word dated after today
-- counts as today's, as activity does.

with

words as (
    select
        customer_id,
        purpose || '_consent' as field,
        least(
            cast({{ to_shop_clock('consented_at') }} as date), {{ as_of() }}
        ) as changed_on,
        consented_at,
        is_granted,
        source,
        feed
    from {{ ref('int_consent_words') }}
    where purpose in ('marketing', 'personalization', 'analytics')
),

last_words as (
    select
        customer_id,
        field,
        changed_on,
        case when is_granted then 'granted' else 'denied' end as field_value
    from words
    qualify
        row_number() over (
            partition by customer_id, field, changed_on
            order by consented_at desc, is_granted asc, source asc, feed asc
        ) = 1
),

-- In no customer file any more: a no, whatever was or is said.
ended as (
    select
        customer_id,
        least(max(ended_on), {{ as_of() }}) as ended_on
    from {{ ref('int_people') }}
    where customer_id is not null
    group by customer_id
    having count(*) = count(ended_on)
),

final as (
    select
        last_words.customer_id,
        last_words.field,
        last_words.changed_on,
        last_words.field_value
    from last_words
    left join ended
        on
            last_words.customer_id = ended.customer_id
            and last_words.field = 'personalization_consent'
    where ended.ended_on is null or last_words.changed_on < ended.ended_on
    union all
    select
        customer_id,
        'personalization_consent' as field,
        ended_on as changed_on,
        'denied' as field_value
    from ended
)

select * from final

with

words as (
    select * from {{ ref('int_consent_words') }}
),

final as (
    select
        customer_id,
        purpose,
        consented_at,
        source,
        feed,
        is_granted,
        is_in_force
    from words
)

select * from final

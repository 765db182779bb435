-- Whom may the shop write to, and for whom may it personalise? Counted
-- are known customers alone: by a user id, CRM record, e-mail or phone.

with

customers as (
    select * from {{ ref('dim_customers') }}
    where is_known
),

words as (
    select
        case
            when has_marketing_consent then 'yes'
            when not has_marketing_consent then 'no'
            else 'not known'
        end as marketing_consent,
        case
            when has_personalization_consent then 'yes'
            when not has_personalization_consent then 'no'
            else 'not known'
        end as personalization_consent,
        coalesce({{ in_shop_currency('amount_spent') }}, 0) as amount_spent
    from customers
),

final as (
    select
        marketing_consent,
        personalization_consent,
        count(*) as n_known_customers,
        sum(amount_spent) as amount_spent
    from words
    group by marketing_consent, personalization_consent
)

select * from final
order by
    n_known_customers desc,
    marketing_consent asc,
    personalization_consent asc

-- Whose word on analytics is another than in the build before: all that they
-- ever did counts again, or no more.
{% set words_before = get_previous_relation('dim_customers') %}
{% set words_now = ref('int_customer_consents') %}

with

changed as (
    {% if words_before %}
        select words_before.customer_id
        from {{ words_before }} as words_before
        left join {{ words_now }} as words_now
            on words_before.customer_id = words_now.customer_id
        where
            coalesce(words_before.has_analytics_consent, true)
            <> coalesce(words_now.has_analytics_consent, true)
    {% else %}
        select customer_id from {{ words_now }}
        where 1 = 0
    {% endif %}
)

select * from changed

with

answers as (
    select * from {{ ref('int_country_values') }}
),

final as (
    select
        customer_id,
        cast(count(distinct {{ simplify_text('country') }}) as integer)
            as n_countries
    from answers
    group by customer_id
)

select * from final

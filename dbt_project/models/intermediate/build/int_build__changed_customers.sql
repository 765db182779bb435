-- depends_on: {{ ref('int_build__touched_days') }}
-- Whose days differ from those that the last build left, and from which on;
-- rows dated after that build's today, counted as that day's, differ too.
{% set days_now = ref('int_touched_customer_days') %}
{% set amounts_now = ref('int_touched_amount_days') %}
{% set categories_now = ref('int_touched_category_days') %}
{% set days_before = get_previous_relation('int_customer_days') %}
{% set amounts_before = get_previous_relation('int_customer_amount_days') %}
{% set lines_before = get_previous_relation('int_customer_category_days') %}
{% set currencies_now = ref('int_customer_currencies') %}
{% set counted_from = 'least(changed_from, ' ~ as_of() ~ ')' %}
{% set consents = ref('int_build__changed_consents') %}

with

changed as (
    {% if days_before %}
        {{ select_changed_customer_days(
            days_now, days_before,
            'n_orders, n_returns, n_consumable_days, n_views, n_carts,'
            ~ ' last_order_at, last_cart_at', 0, '1 = 1'
        ) }}
        union all
        {{ select_changed_customer_days(
            days_now, days_before, 'n_orders', 1, 'n_orders > 0'
        ) }}
        union all
        {{ select_changed_customer_days(
            amounts_now, amounts_before,
            'currency, amount_spent, amount_returned', 1, '1 = 1'
        ) }}
        union all
        {{ select_changed_customer_days(
            categories_now, lines_before, 'category, n_lines', 0, '1 = 1'
        ) }}
        union all
        select
            before_this.customer_id,
            windows.as_of as changed_from,
            1 as is_order_changed
        from {{ days_before }} as before_this
        inner join {{ get_previous_relation('int_build__window') }} as windows
            on before_this.activity_date > windows.as_of
        union all
        select
            states.customer_id,
            states.state_date as changed_from,
            1 as is_order_changed
        from {{ get_previous_relation('int_customer_states') }} as states
        inner join {{ currencies_now }} as currencies
            on states.customer_id = currencies.customer_id
        where states.currency is distinct from currencies.currency
        union all
        select
            customer_id,
            activity_date as changed_from,
            0 as is_order_changed
        from {{ days_before }}
        where customer_id in (select customer_id from {{ consents }})
    {% else %}
        select
            cast(null as varchar) as customer_id,
            cast(null as date) as changed_from,
            0 as is_order_changed
        where 1 = 0
    {% endif %}
),

-- A day after today counts as today: so do its orders in today's scores.
final as (
    select
        customer_id,
        min({{ counted_from }}) as changed_from,
        min(case when is_order_changed = 1 then {{ counted_from }} end)
            as orders_changed_from
    from changed
    group by customer_id
)

select * from final

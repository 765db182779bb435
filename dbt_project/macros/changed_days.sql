{#- Customers and days of which one of two relations has a row that the other has not, of the days this build touches:
    customer_id, changed_from, is_order_changed. -#}
{% macro select_changed_customer_days(now, before, columns, is_order, condition) %}
    {%- set columns = 'customer_id, activity_date, ' ~ columns %}
    select
        customer_id,
        activity_date as changed_from,
        {{ is_order }} as is_order_changed
    from (
        (
            select {{ columns }} from {{ now }} where {{ condition }}
            except
            select {{ columns }} from {{ before }} where {{ condition }}
        )
        union all
        (
            select {{ columns }} from {{ before }}
            where
                {{ condition }}
                and activity_date in (select touched_date from {{ ref('int_build__touched_days') }})
            except
            select {{ columns }} from {{ now }} where {{ condition }}
        )
    ) as changed_days
{% endmacro %}

{#- The rows that one of two relations of the same columns has and the other has not; in a build of all anew none. -#}
{% macro select_changed_rows(now, before) %}
    {%- if before %}
    (select * from {{ now }} except select * from {{ before }})
    union all
    (select * from {{ before }} except select * from {{ now }})
    {%- else %}
    select * from {{ now }}
    where 1 = 0
    {%- endif %}
{% endmacro %}

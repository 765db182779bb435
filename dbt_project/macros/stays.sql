{#- The stays that days of members make, from the first day on which this build evaluates a customer: columns as int_segment_stays
    has them. Gaps and islands: a day's place less its row number is the same for all evaluation days of one stay. -#}
{% macro select_stays(members, condition='1 = 1') %}
    select
        customer_id,
        segment_id,
        min(state_date) as first_date,
        -- The customer's newest day has none after it: the stay is open.
        case
            when count(next_date) = count(*) then max(next_date)
        end as left_date
    from (
        select
            members_of_day.customer_id,
            members_of_day.segment_id,
            members_of_day.state_date,
            days.next_date,
            days.place - row_number() over (
                partition by members_of_day.customer_id, members_of_day.segment_id
                order by members_of_day.state_date
            ) as island
        from {{ members }} as members_of_day
        inner join {{ ref('int_evaluation_days') }} as days
            on
                members_of_day.customer_id = days.customer_id
                and members_of_day.state_date = days.state_date
        where {{ condition }}
    ) as members
    group by customer_id, segment_id, island
{% endmacro %}

{#- Stays with those that the build before left: one that is open when a customer is evaluated again goes on, or ends on the first of
    these days; only the table before knows when it began. Columns as fct_customer_segments has them. -#}
{% macro select_joined_stays(stays, before) %}
    select
        coalesce(stays.customer_id, begun_before.customer_id) as customer_id,
        coalesce(stays.segment_id, begun_before.segment_id) as segment_id,
        coalesce(begun_before.entered_at, cast(stays.first_date as timestamp))
            as entered_at,
        cast(case
            when stays.customer_id is null then begun_before.replaced_from
            else stays.left_date
        end as timestamp) as left_at
    from {{ stays }} as stays
    full outer join {{ before }} as begun_before
        on
            stays.customer_id = begun_before.customer_id
            and stays.segment_id = begun_before.segment_id
            and stays.first_date = begun_before.replaced_from
{% endmacro %}

{#- Stays that the build before left and that had begun by then, of the customers whose stays are made again, with the day from which
    they are. -#}
{% macro select_stays_before(stays) %}
    select
        stays.customer_id,
        stays.segment_id,
        stays.entered_at,
        stays.left_at,
        replaced.replaced_from
    from {{ stays }} as stays
    inner join {{ ref('int_build__replaced_stays') }} as replaced
        on stays.customer_id = replaced.customer_id
    where stays.entered_at < replaced.replaced_from
{% endmacro %}

{#- No stay at all, with the day from which a customer's are made again. -#}
{% macro select_no_stays() %}
    select
        cast(null as varchar) as customer_id,
        cast(null as varchar) as segment_id,
        cast(null as timestamp) as entered_at,
        cast(null as timestamp) as left_at,
        cast(null as date) as replaced_from
    where 1 = 0
{% endmacro %}

-- depends_on: {{ ref('int_build__replaced_stays') }}
-- The stays that rules ask of, as they are after this build, of the customers
-- whom it asks: in moments, from where the shop's first day of a stay begins.

{% set before = get_previous_relation('fct_customer_segments') %}
{% set of_segments = 'segment_id in (' ~ list_stay_segments() ~ ')' %}

with

moments as (
    select * from {{ ref('int_segment_moments') }}
),

new_stays as (
    {{ select_stays(ref('int_segment_days'), of_segments) }}
),

stays_before as (
    {% if before %}
        select stays_then.*
        from ({{ select_stays_before(before) }}) as stays_then
        where {{ of_segments }}
    {% else %}
        {{ select_no_stays() }}
    {% endif %}
),

begun_before as (
    select * from stays_before
    where left_at is null or left_at >= replaced_from
),

stays as (
    {{ select_joined_stays('new_stays', 'begun_before') }}
    union all
    select
        customer_id,
        segment_id,
        entered_at,
        left_at
    from stays_before
    where left_at < replaced_from
),

final as (
    select
        stays.customer_id,
        stays.segment_id,
        entered.day_begins_0_ago as entered_at,
        ended.day_begins_0_ago as left_at
    from stays
    inner join moments as entered
        on cast(stays.entered_at as date) = entered.state_date
    left join moments as ended
        on cast(stays.left_at as date) = ended.state_date
)

select * from final

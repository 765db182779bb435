-- Of a served list and its items all rows are made again when the list is new,
-- corrected or gone, or when somebody did something with it on a touched day,
-- before or now.

{% set lists_before = get_previous_relation('fct_impressions') %}
{% set interactions_before = get_previous_relation('fct_interactions') %}

with

touched_days as (
    select touched_date from {{ ref('int_build__touched_days') }}
),

requests as (
    select request_id
    from {{ ref('stg_core__impressions') }}
    {% if is_incremental_build() %}
        where {{ is_changed_day('core_impressions', 'served_date') }}
        union all
        select request_id
        from {{ ref('int_interactions') }}
        where occurred_date in (select touched_date from touched_days)
    {% endif %}
    {% if lists_before %}
        union all
        select request_id
        from {{ lists_before }}
        where {{ is_changed_day('core_impressions', 'served_date') }}
    {% endif %}
    {% if interactions_before %}
        union all
        select request_id
        from {{ interactions_before }}
        where occurred_date in (select touched_date from touched_days)
    {% endif %}
),

final as (
    select distinct request_id
    from requests
    where request_id is not null
)

select * from final

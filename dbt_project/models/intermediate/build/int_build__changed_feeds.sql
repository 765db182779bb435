-- Hazard: the first order line of a source replaces all its web purchases, and
-- when its last one is removed they count again: past days change without a
-- change in their rows.

{% set before = get_previous_relation('int_order_feeds') %}

with

feeds as (
    select distinct source
    from {{ ref('stg_core__order_lines') }}
),

feeds_before as (
    {% if before %}
        select source
        from {{ before }}
    {% else %}
        select cast(null as varchar) as source
        where 1 = 0
    {% endif %}
),

final as (
    select coalesce(feeds.source, feeds_before.source) as source
    from feeds
    full outer join feeds_before
        on feeds.source = feeds_before.source
    where feeds.source is null or feeds_before.source is null
)

select * from final

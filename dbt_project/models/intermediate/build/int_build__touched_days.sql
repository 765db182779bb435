with

events as (
    select * from {{ ref('stg_core__events') }}
),

lines as (
    select * from {{ ref('stg_core__order_lines') }}
),

moved_identifiers as (
    select * from {{ ref('int_build__moved_identifiers') }}
),

changed_items as (
    select * from {{ ref('int_build__changed_items') }}
),

changed_feeds as (
    select * from {{ ref('int_build__changed_feeds') }}
),

changed_orders as (
    select * from {{ ref('int_build__changed_orders') }}
),

rows_by_day as (
    select
        occurred_date as touched_date,
        user_identifier_id,
        anonymous_identifier_id as other_identifier_id,
        item_id,
        source,
        event_type = 'purchase' as is_web_purchase
    from events
    union all
    select
        ordered_date as touched_date,
        user_identifier_id,
        email_identifier_id as other_identifier_id,
        item_id,
        source,
        false as is_web_purchase
    from lines
),

lake_days as (
    {% if is_incremental_build() %}
        {{ select_changed_days() }}
    {% else %}
        select touched_date
        from rows_by_day
    {% endif %}
),

final as (
    select touched_date
    from lake_days
    union
    select touched_date
    from rows_by_day
    where
        user_identifier_id in (select identifier_id from moved_identifiers)
        or other_identifier_id in (select identifier_id from moved_identifiers)
        or item_id in (select item_id from changed_items)
        or (
            is_web_purchase
            and source in (select source from changed_feeds)
        )
    union
    select lines.ordered_date as touched_date
    from lines
    inner join changed_orders
        on
            lines.source = changed_orders.source
            and lines.order_id = changed_orders.order_id
)

select * from final

-- A list is what it is now, on all days: who came onto one or left it, or has
-- an event with an item that did, is worked out from the first day on.

{% set members_before = get_previous_relation('int_list_members') %}
{% set items_before = get_previous_relation('int_list_items') %}

with

members as (
    select
        list_name,
        customer_id
    from {{ ref('int_named_customers') }}
),

items as (
    select
        list_name,
        entry_id as item_id
    from {{ ref('stg_core__list_entries') }}
    where kind = 'items'
),

changed_members as (
    {{ select_changed_rows('members', members_before) }}
),

changed_items as (
    {{ select_changed_rows('items', items_before) }}
),

concerned as (
    select customer_id
    from changed_members
    union
    select customer_id
    from {{ ref('int_sent_events') }}
    where item_id in (select item_id from changed_items)
),

beginning as (
    select min(calendar_date) as first_date
    from {{ ref('int_calendar') }}
),

final as (
    select
        concerned.customer_id,
        beginning.first_date as changed_from
    from concerned
    cross join beginning
)

select * from final

with

lines as (
    select * from {{ ref('int_order_lines') }}
),

named as (
    {% for field, of_order, of_line in [
        ('customer_id', 'customer_id', 'line_customer_id'),
        ('currency', 'order_currency', 'currency'),
        ('country', 'order_country', 'country'),
        ('channel', 'order_channel', 'channel'),
    ] -%}
        select
            source,
            order_id,
            line_no,
            '{{ field }}' as field,
            {{ of_order }} as order_value,
            {{ of_line }} as line_value
        from lines
        {{ 'union all' if not loop.last }}
    {% endfor -%}
),

final as (
    select
        source,
        order_id,
        field,
        order_value,
        line_value,
        cast(count(*) as integer) as n_lines,
        min(line_no) as first_line_no
    from named
    where line_value <> order_value
    group by source, order_id, field, order_value, line_value
)

select * from final

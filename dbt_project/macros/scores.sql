{#- The shares of all buyers below which a cut of each measure lies, in percent: quintiles, the least and the most recent, and what
    rules ask of spend_percentile. -#}
{% macro get_score_shares() %}
    {{ return({
        'recency': [0, 20, 40, 60, 80, 100],
        'frequency': [20, 40, 60, 80],
        'money': get_spend_shares(),
    }) }}
{% endmacro %}

{% macro get_spend_shares() %}
    {%- set asked = get_segment_thresholds('spend_percentile') -%}
    {{ return(([20, 40, 60, 80] + asked) | unique | sort) }}
{% endmacro %}

{#- The shares as rows: measure, share. -#}
{% macro select_score_shares() %}
    {%- set rows = [] -%}
    {%- for measure, shares in get_score_shares().items() -%}
        {%- for share in shares -%}
            {%- do rows.append("select '" ~ measure ~ "' as measure, " ~ share ~ " as share") -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(rows | join(' union all ')) }}
{% endmacro %}

{#- The columns of measures' cuts in a relation: recency_20, recency_40, … -#}
{% macro list_cut_columns(relation, measures) %}
    {%- set columns = [] -%}
    {%- for measure in measures -%}
        {%- for share in get_score_shares()[measure] -%}
            {%- do columns.append(relation ~ '.' ~ measure ~ '_' ~ share) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(columns | join(', ')) }}
{% endmacro %}

{#- A move of cuts that passes every buyer, of each day of a relation: columns as int_score_cut_moves has them. -#}
{% macro select_all_buyers_moved(days) %}
    select
        state_date,
        'recency' as measure,
        '' as score_group,
        -1000000 as above,
        1000000 as up_to,
        -1000000 as first_bucket,
        1000000 as last_bucket
    from {{ days }}
{% endmacro %}

{#- Customers whose value a move of a cut passes, by day: customer_id, state_date. Joined by bucket: by range alone each move would
    be compared with every buyer. -#}
{% macro select_passed_buyers(moves, score_values) %}
    select
        score_values.customer_id,
        moves.state_date
    from {{ moves }} as moves
    inner join (
        select distinct
            measure,
            score_group,
            score_bucket
        from {{ score_values }}
    ) as buckets
        on
            moves.measure = buckets.measure
            and moves.score_group = buckets.score_group
            and buckets.score_bucket between moves.first_bucket and moves.last_bucket
    inner join {{ score_values }} as score_values
        on
            buckets.measure = score_values.measure
            and buckets.score_group = score_values.score_group
            and buckets.score_bucket = score_values.score_bucket
            and score_values.score_value > moves.above
            and score_values.score_value <= moves.up_to
            and score_values.from_date <= moves.state_date
            and (
                score_values.next_date is null
                or score_values.next_date > moves.state_date
            )
{% endmacro %}

{#- The cuts of a measure side by side: recency_20, recency_40, … -#}
{% macro select_cuts_by_share(measure) %}
    {%- for share in get_score_shares()[measure] -%}
        max(case when measure = '{{ measure }}' and share = {{ share }} then cut end)
            as {{ measure }}_{{ share }}
        {{- ',' if not loop.last }}
    {% endfor -%}
{% endmacro %}

{#- How many of the four cuts between quintiles a value lies above. -#}
{% macro count_passed_quintiles(value, measure) -%}
    (
        {%- for share in [20, 40, 60, 80] %}
        case when {{ value }} > {{ measure }}_{{ share }} then 1 else 0 end
        {{- ' + ' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{#- The largest share whose cut a value lies above; 0 for none. -#}
{% macro get_passed_share(value, measure) -%}
    case
        {%- for share in get_score_shares()[measure] | reverse %}
        when {{ value }} > {{ measure }}_{{ share }} then {{ share }}
        {%- endfor %}
        else 0
    end
{%- endmacro %}

{#- When the time since something reaches a number of days that a rule names, within a customer's state and the days they are
    evaluated on: customer_id, since_date, n_days. -#}
{% macro select_days_reached(states) %}
    {%- for event in ['first_seen', 'last_seen', 'first_order', 'last_order', 'last_cart'] %}
        {%- for n_days in get_segment_thresholds('days_since_' ~ event) %}
    {{ select_days_reached_by(states, event ~ '_date', n_days) }}
    union all
        {%- endfor %}
    {%- endfor %}
    {%- for percent in get_segment_thresholds('overdue_percent') %}
    {%- set n_days %}
        ceil(
            cast({{ percent }} as double precision)
            * {{ days_between('first_order_date', 'last_order_date') }}
            / (100 * nullif(n_order_days - 1, 0))
        )
    {%- endset %}
    {{ select_days_reached_by(states, 'last_order_date', n_days) }}
    union all
    {%- endfor %}
    select
        cast(null as varchar) as customer_id,
        cast(null as date) as since_date,
        0 as n_days
    where 1 = 0
{% endmacro %}

{#- least: a rule may name a number that no calendar has. -#}
{% macro select_days_reached_by(states, date, n_days) %}
    select
        customer_id,
        {{ date }} as since_date,
        cast(least({{ n_days }}, 1000000) as integer) as n_days
    from {{ states }}
    where
        least({{ n_days }}, 1000000)
        between {{ days_between(date, 'greatest(state_date, evaluated_from)') }}
        and {{ days_between(date, 'least(coalesce(next_date, as_of), as_of)') }}
{% endmacro %}

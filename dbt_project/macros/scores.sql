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

{#- Delete the rows of the days that a build rewrites and insert them as they are now, in one transaction. A row that is no
    longer there is deleted too, which `delete+insert` by key does not do. -#}

{#- For staging: the days that changed in the lake table the model reads. unique_key: the day column. -#}
{% macro get_incremental_replace_changed_days_sql(arg_dict) %}
    {%- set table = arg_dict['target_relation'].identifier | lower | replace('stg_core__', 'core_') -%}
    {{ return(replace_rows(arg_dict, is_changed_day(table, arg_dict['unique_key']))) }}
{% endmacro %}

{#- For facts: the days this build touches. unique_key: the day column. -#}
{% macro get_incremental_replace_touched_days_sql(arg_dict) %}
    {%- set touched = 'select touched_date from ' ~ ref('int_build__touched_days') -%}
    {{ return(replace_rows(arg_dict, arg_dict['unique_key'] ~ ' in (' ~ touched ~ ')')) }}
{% endmacro %}

{#- For served lists: all rows of the lists that are new, corrected or gone, or that somebody reacted to. -#}
{% macro get_incremental_replace_requests_sql(arg_dict) %}
    {%- set changed = 'select request_id from ' ~ ref('int_build__changed_requests') -%}
    {{ return(replace_rows(arg_dict, 'request_id in (' ~ changed ~ ')')) }}
{% endmacro %}

{#- For what is known of a customer: all rows of the customers of whom something is new. -#}
{% macro get_incremental_replace_customers_sql(arg_dict) %}
    {%- set changed = 'select customer_id from ' ~ ref('int_build__changed_customers') -%}
    {{ return(replace_rows(arg_dict, 'customer_id in (' ~ changed ~ ')')) }}
{% endmacro %}

{#- For what follows from a customer's events: all rows of the customers whose events differ. -#}
{% macro get_incremental_replace_histories_sql(arg_dict) %}
    {%- set changed = 'select customer_id from ' ~ ref('int_build__changed_histories') -%}
    {{ return(replace_rows(arg_dict, 'customer_id in (' ~ changed ~ ')')) }}
{% endmacro %}

{#- For declared traits: the rows of the customers whose traits this build works out. -#}
{% macro get_incremental_replace_trait_customers_sql(arg_dict) %}
    {%- set customers = 'select customer_id from ' ~ ref('int_build__trait_customers') -%}
    {{ return(replace_rows(arg_dict, 'customer_id in (' ~ customers ~ ')')) }}
{% endmacro %}

{#- For cuts of scores: the days from the first one on which a buyer's value changed. -#}
{% macro get_incremental_replace_rescored_days_sql(arg_dict) %}
    {%- set first_day = '(select rescored_from from ' ~ ref('int_build__window') ~ ')' -%}
    {{ return(replace_rows(arg_dict, 'state_date >= ' ~ first_day)) }}
{% endmacro %}

{#- For stays: those that had not ended before the first day on which the customer is evaluated again, and all in learned segments.
    By their key, for Snowflake evaluates few correlated conditions. -#}
{% macro get_incremental_replace_stays_sql(arg_dict) %}
    {%- set condition -%}
        (customer_id, segment_id, entered_at) in (
            select
                stays.customer_id,
                stays.segment_id,
                stays.entered_at
            from {{ arg_dict['target_relation'] }} as stays
            inner join {{ ref('int_build__replaced_stays') }} as replaced
                on stays.customer_id = replaced.customer_id
            where stays.left_at is null or stays.left_at >= replaced.replaced_from
        )
        or segment_id not in (
            select segment_id
            from {{ ref('int_segment_definitions') }}
            where kind in ('rfm', 'rule')
        )
    {%- endset -%}
    {{ return(replace_rows(arg_dict, condition)) }}
{% endmacro %}

{% macro replace_rows(arg_dict, condition) %}
    {{ return(adapter.dispatch('replace_rows')(arg_dict, condition)) }}
{% endmacro %}

{% macro default__replace_rows(arg_dict, condition) %}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) %}
    delete from {{ arg_dict['target_relation'] }}
    where {{ condition }};

    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }}
    from {{ arg_dict['temp_relation'] }}
{% endmacro %}

{#- Snowflake commits each statement unless told that the two are one. -#}
{% macro snowflake__replace_rows(arg_dict, condition) %}
    {{ return(snowflake_dml_explicit_transaction(default__replace_rows(arg_dict, condition))) }}
{% endmacro %}

{% set versions = get_run_input('lake_versions') or {} %}
{% set models_hash = get_run_input('models_hash') %}

with

final as (
    -- Always a row, also for a warehouse that read nothing.
    select
        cast(null as varchar) as table_name,
        cast(null as varchar) as lake_version,
        '{{ models_hash }}' as models_hash,
        {{ as_of() }} as as_of
    {%- for table in versions | sort %}
        union all
        select
            '{{ table }}' as table_name,
            '{{ versions[table] }}' as lake_version,
            '{{ models_hash }}' as models_hash,
            {{ as_of() }} as as_of
    {%- endfor %}
)

select * from final

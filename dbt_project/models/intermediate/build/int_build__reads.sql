with

final as (
    -- Always a row: a warehouse that read nothing says so.
    select
        cast(null as varchar) as table_name,
        cast(null as varchar) as lake_version,
        '{{ var("models_hash") }}' as models_hash,
        {{ as_of() }} as as_of
    {%- for table in var('lake_versions') | sort %}
        union all
        select
            '{{ table }}' as table_name,
            '{{ var("lake_versions")[table] }}' as lake_version,
            '{{ var("models_hash") }}' as models_hash,
            {{ as_of() }} as as_of
    {%- endfor %}
)

select * from final

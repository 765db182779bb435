with

final as (
    {{ select_stays(ref('int_member_days')) }}
)

select * from final

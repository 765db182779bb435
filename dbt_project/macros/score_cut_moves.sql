{#- The cuts of a relation that have moved: columns as int_score_cut_moves has them. -#}
{% macro select_moved_cuts(cuts) %}
    select
        state_date,
        measure,
        score_group,
        least(cut_before, cut) as above,
        greatest(cut_before, cut) as up_to,
        least(bucket_before, score_bucket) as first_bucket,
        greatest(bucket_before, score_bucket) as last_bucket
    from {{ cuts }}
    where cut_before <> cut and share between 1 and 99
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

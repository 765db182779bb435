"""Rules over events as generated dbt models and macros, in the SQL of both warehouses."""

from collections.abc import Callable, Mapping, Sequence

from segments.fields import PROFILE_FIELDS
from segments.nightly import NightlyRules
from segments.sql.empty_carts import format_empty_carts
from segments.sql.literals import quote_text
from segments.sql.members import Dialect, MembersQuery
from segments.sql.relations import RELATIONS
from segments.tree.rules import Segment

SENT_EVENTS = (*RELATIONS["events"], "currency")  # the columns of int_sent_events
CHANGED_HISTORIES = "(select * from {{ ref('int_sent_events') }} {{ where_history_changed() }})"
MOMENTS = "{{ ref('int_segment_moments') }}"
SOURCES = {
    "events": "{{ ref('int_segment_events') }}",
    "moments": (
        f"(select days.customer_id, moments.* from {{{{ ref('int_evaluation_days') }}}} as days"
        f" inner join {MOMENTS} as moments on days.state_date = moments.state_date)"
    ),
    "list_members": "{{ ref('int_list_members') }}",
    "list_items": "{{ ref('int_list_items') }}",
    "fields": (
        "(select inputs.*, moments.now as moment from {{ ref('int_segment_inputs') }} as inputs"
        f" inner join {MOMENTS} as moments on inputs.state_date = moments.state_date)"
    ),
}
WITH_STAYS = SOURCES | {"stays": "{{ ref('int_given_stays') }}"}
PROFILE_TYPES = {"number": "integer", "boolean": "boolean", "text": "varchar"}
NOBODY = (
    "select cast(null as varchar) as customer_id, cast(null as varchar) as segment_id,"
    " cast(null as timestamp) as now where 1 = 0"
)


def format_empty_carts_model(header: str) -> str:
    """The dbt model `int_empty_carts`: what follows from carts, of the customers whose events differ."""
    config = (
        "{{ config(materialized='incremental', incremental_strategy='replace_histories',"
        " unique_key='customer_id', on_schema_change='fail') }}\n"
    )
    return header + config + format_for_both(format_carts_query)


def format_carts_query(dialect: Dialect) -> str:
    """The query of the empty carts."""
    return format_empty_carts(CHANGED_HISTORIES, SENT_EVENTS, dialect)


def format_behaviour_model(header: str, rules: NightlyRules) -> str:
    """The dbt model `int_behaviour_days`: who is in which segment of behaviour, on the days that are
    asked.
    """
    return header + format_answers(rules.query, rules.behaviour, SOURCES)


def format_staying_model(header: str, rules: NightlyRules) -> str:
    """The dbt model `int_staying_days`: the same of those that ask how long somebody is in another."""
    return header + format_answers(rules.staying_query, rules.staying, WITH_STAYS)


def format_answers(query: MembersQuery, segments: Sequence[Segment], sources: Mapping[str, str]) -> str:
    """Who is in which of some segments on which day."""

    def format_query(dialect: Dialect) -> str:
        return (
            f"with\n\nanswered as (\n{query.format(dialect, sources) if segments else NOBODY}\n)\n\n"
            "select\n    answered.customer_id,\n    answered.segment_id,\n    moments.state_date\n"
            f"from answered\ninner join {MOMENTS} as moments\n    on answered.now = moments.now\n"
        )

    return format_for_both(format_query)


def format_for_both(format_query: Callable[[Dialect], str]) -> str:
    """A query as dbt chooses it: Snowflake's text where it builds there, else DuckDB's."""
    return (
        "{% if target.type == 'snowflake' %}\n\n"
        f"{format_query('snowflake')}\n{{% else %}}\n\n{format_query('duckdb')}\n{{% endif %}}\n"
    )


def format_moments_macros(header: str, rules: NightlyRules) -> str:
    """The dbt macros `select_moment_columns` and `list_moved_bounds`, the columns of `moments` and those
    whose way past an event changes answers, `asks_every_day`, `list_stay_segments`, and of the profile's
    fields `list_profile_fields`, those that rules name, and `get_profile_field_types`, of all.
    """
    columns = ",\n        ".join(
        f"max(case when bound = {quote_text(name)} then {'moment' if kind == 'timestamp' else 'number'} end)"
        f" as {name}"
        for name, kind in rules.moments.list_columns().items()
    )
    stay_segments = ", ".join(map(quote_text, rules.stay_segments or [""]))
    moved = ", ".join(map(quote_text, rules.moved_bounds or [""]))
    of_profile = ", ".join(map(quote_text, rules.profile_fields or [""]))
    types = {name: PROFILE_TYPES[field.kind] for name, field in PROFILE_FIELDS.items()}
    return (
        f"{header}{{% macro select_moment_columns() %}}\n        {columns}\n{{% endmacro %}}\n\n"
        f"{{% macro list_moved_bounds() %}}{moved}{{% endmacro %}}\n\n"
        f"{{% macro list_stay_segments() %}}{stay_segments}{{% endmacro %}}\n\n"
        f"{{% macro list_profile_fields() %}}{of_profile}{{% endmacro %}}\n\n"
        f"{{% macro get_profile_field_types() %}}{{{{ return({types}) }}}}{{% endmacro %}}\n\n"
        f"{{% macro asks_every_day() %}}{{{{ return({rules.asks_every_day}) }}}}{{% endmacro %}}\n"
    )

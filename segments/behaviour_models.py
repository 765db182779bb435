"""Rules over events as generated dbt models, in the SQL of both warehouses."""

from collections.abc import Callable

from segments.sql.empty_carts import format_empty_carts
from segments.sql.relations import RELATIONS

SENT_EVENTS = (*RELATIONS["events"], "currency")  # the columns of int_sent_events
CHANGED_HISTORIES = "(select * from {{ ref('int_sent_events') }} {{ where_history_changed() }})"


def format_empty_carts_model(header: str) -> str:
    """The dbt model `int_empty_carts`: what follows from carts, of the customers whose events differ."""
    config = (
        "{{ config(materialized='incremental', incremental_strategy='replace_histories',"
        " unique_key='customer_id', on_schema_change='fail') }}\n"
    )
    return header + config + format_for_both(format_carts_query)


def format_carts_query(dialect: str) -> str:
    return format_empty_carts(CHANGED_HISTORIES, SENT_EVENTS, dialect)


def format_for_both(format_query: Callable[[str], str]) -> str:
    """A query as dbt chooses it: Snowflake's text where it builds there, else DuckDB's."""
    return (
        "{% if target.type == 'snowflake' %}\n\n"
        f"{format_query('snowflake')}\n{{% else %}}\n\n{format_query('duckdb')}\n{{% endif %}}\n"
    )

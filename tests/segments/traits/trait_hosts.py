"""The same traits asked of the reference and of SQL, on random histories."""

import json
from datetime import datetime

import duckdb

from segments.sql.moments import make_timestamp
from segments.sql.traits import build_traits_query
from segments.tree.traits import Trait, UniqueList
from spark_jobs.snowflake.connection import SnowflakeSession
from tests.segments.hosts import Question, load_duckdb, load_snowflake
from tests.segments.oracle import add_empty_carts
from tests.segments.oracle_measures import Moment, list_values, measure

Values = dict[tuple[str, datetime], tuple]


def ask_reference(traits: list[Trait], question: Question) -> Values:
    """Each trait of each customer at each moment, by brute force."""
    values = {}
    for customer in question.customers:
        for now in question.moments:
            before = tuple(event for event in add_empty_carts(customer.history) if event.at < now)
            moment = Moment(now, before, customer, question.shop)
            values[customer.customer_id, make_timestamp(now)] = tuple(
                list_newest(trait.value, moment)
                if isinstance(trait.value, UniqueList)
                else measure(trait.value, moment)
                for trait in traits
            )
    return values


def list_newest(values: UniqueList, moment: Moment) -> list | None:
    """The newest different values, going back from the last event."""
    newest = list(dict.fromkeys(reversed(list_values(values.attribute, values.events, moment))))
    return newest[: values.most] or None


def ask_duckdb(traits: list[Trait], question: Question) -> Values:
    query = build_traits_query(traits)
    with duckdb.connect(config={"threads": 1}) as database:
        load_duckdb(database, question, query)
        return read_rows(database.execute(query.format()).fetchall())


def ask_snowflake(session: SnowflakeSession, traits: list[Trait], question: Question) -> Values:
    query = build_traits_query(traits)
    load_snowflake(session, question, query)
    rows = session.run(query.format("snowflake"))
    lists = [number for number, trait in enumerate(traits, start=2) if isinstance(trait.value, UniqueList)]
    return read_rows([unpack_lists(row, lists) for row in rows])


def unpack_lists(row: tuple, lists: list[int]) -> tuple:
    """A row whose arrays, which arrive as JSON text, are lists."""
    return tuple(
        json.loads(value) if number in lists and value else value for number, value in enumerate(row)
    )


def read_rows(rows: list[tuple]) -> Values:
    found = {(row[0], row[1]): tuple(row[2:]) for row in rows}
    assert len(found) == len(rows), "a row of a customer and moment"
    return found


def name_traits(values) -> list[Trait]:
    """Values as traits."""
    return [Trait(f"t{number}", "drawn", "as drawn", value) for number, value in enumerate(values)]

"""The same definitions asked of every host: reference, evaluator, DuckDB, Snowflake's stand-in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import duckdb
import pyarrow as pa

from segments.calendar import DAY
from segments.evaluation.measures import Context
from segments.evaluation.program import Program
from segments.fields import Field
from segments.parsing.definitions import ALL_FIELDS
from segments.sql.members import MembersQuery, build_members_query
from segments.sql.moments import make_timestamp
from segments.sql.relations import format_table, list_tables
from segments.sql.transpile import transpile
from segments.tree.rules import Segment
from spark_jobs.snowflake.connection import SnowflakeSession
from tests.segments.oracle import Customer, Shop, add_empty_carts, decide

Members = set[tuple[str, str, datetime]]


@dataclass(frozen=True)
class Question:
    """Definitions, of whom they are asked, and for which moments."""

    definitions: tuple[Segment, ...]
    customers: tuple[Customer, ...]
    moments: tuple[int, ...]
    shop: Shop
    fields: Mapping[str, Field] = field(default_factory=lambda: ALL_FIELDS)

    @property
    def query(self) -> MembersQuery:
        return build_members_query(self.definitions, self.fields)

    def list_rows(self, query: MembersQuery) -> dict[str, list[tuple]]:
        """The rows of every relation."""
        customers = self.customers
        return {
            "events": [row for customer in customers for row in self.list_events(customer)],
            "customers": [(customer.customer_id,) for customer in customers],
            "fields": [
                (customer.customer_id, make_timestamp(now), *map(customer.fields.get, self.fields))
                for customer in customers
                for now in self.moments
            ],
            "stays": [
                (
                    customer.customer_id,
                    stay.segment_id,
                    make_timestamp(stay.entered_at),
                    None if stay.left_at is None else make_timestamp(stay.left_at),
                )
                for customer in customers
                for stay in customer.stays
            ],
            "list_members": [
                (name, customer.customer_id) for customer in customers for name in customer.lists
            ],
            "list_items": [(name, item) for name, items in self.shop.list_items.items() for item in items],
            "moments": query.moments.build_rows(self.shop.calendar, self.moments),
        }

    def list_events(self, customer: Customer) -> Iterable[tuple]:
        for event in add_empty_carts(customer.history):
            day = date.fromordinal(self.shop.calendar.find_day(event.at))
            values = event._asdict() | {
                "customer_id": customer.customer_id,
                "at": make_timestamp(event.at),
                "event_type": event.type,
                "day": day,
            }
            yield tuple(values[name] for name in EVENT_COLUMNS)


def name_rules(rules: Mapping[str, object]) -> tuple[Segment, ...]:
    """Rules as definitions of their names."""
    return tuple(Segment(name, name, "rule", "as drawn", rule) for name, rule in rules.items())


def ask_reference(question: Question) -> Members:
    return {
        (customer.customer_id, segment.segment_id, make_timestamp(now))
        for segment in question.definitions
        for customer in question.customers
        for now in question.moments
        if decide(segment.members, customer, now, question.shop)
    }


def ask_evaluator(question: Question) -> Members:
    """By states that hold whole histories."""
    rules = {segment.segment_id: segment.members for segment in question.definitions}
    program = Program(rules, question.shop.calendar, question.shop.list_items, lateness=10_000 * DAY)
    members = set()
    for customer in question.customers:
        state = program.build_state(customer.history)
        context = Context(customer.customer_id, customer.fields, customer.stays, customer.lists)
        for now in question.moments:
            decided = program.decide(state, now, context)
            members |= {(customer.customer_id, name, make_timestamp(now)) for name in decided}
    return members


def ask_duckdb(question: Question) -> Members:
    query = question.query
    with duckdb.connect(config={"threads": 1}) as database:
        load_duckdb(database, question, query)
        return set(database.execute(query.format()).fetchall())


def ask_duckdb_by_customer(question: Question) -> Members:
    """Each customer at moments of their own: at every second one not at all."""
    query = build_members_query(question.definitions, question.fields, of_customers=True)
    with duckdb.connect(config={"threads": 1}) as database:
        load_duckdb(database, question, query)
        own = (
            "(select customers.customer_id, moments.* from moments cross join customers"
            " where (hash(customers.customer_id, moments.now)) % 2 = 0)"
        )
        members = set(database.execute(query.format(sources={"moments": own})).fetchall())
        asked = set(database.execute(f"select customer_id, now from {own}").fetchall())
    assert asked and members <= {each for each in members if (each[0], each[2]) in asked}
    return members | {each for each in ask_duckdb(question) if (each[0], each[2]) not in asked}


def load_duckdb(database: duckdb.DuckDBPyConnection, question: Question, query: MembersQuery) -> None:
    """Fill every relation, by one insert each."""
    rows = question.list_rows(query)
    for name, columns in list_tables(query.moments.list_columns(), question.fields):
        database.execute(format_table(name, columns))
        if rows[name]:
            values = pa.table(dict(zip(columns, map(list, zip(*rows[name], strict=True)), strict=True)))
            database.register("loaded", values)
            database.execute(f"insert into {name} select * from loaded")
            database.unregister("loaded")


def ask_snowflake(session: SnowflakeSession, question: Question) -> Members:
    query = question.query
    load_snowflake(session, question, query)
    return set(session.run(query.format("snowflake")))


def load_snowflake(session: SnowflakeSession, question: Question, query: MembersQuery) -> None:
    """Make every relation anew, five hundred rows an insert."""
    rows = question.list_rows(query)
    for name, columns in list_tables(query.moments.list_columns(), question.fields):
        session.run(f"drop table if exists {name}")
        session.run(transpile(format_table(name, columns), "snowflake"))
        for start in range(0, len(rows[name]), 500):
            values = ", ".join(
                "(" + ", ".join(map(format_row_value, row)) + ")" for row in rows[name][start : start + 500]
            )
            session.run(f"insert into {name} values {values}")


def format_row_value(value: object) -> str:
    if value is None:
        return "null"
    return str(value) if isinstance(value, bool | int | float) else f"'{value}'"


EVENT_COLUMNS = list(dict(list_tables({}, {}))["events"])

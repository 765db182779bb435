"""What a sample shop's home made of its plants: the tables that the facts ask, each read once."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.lake import (
    CORE_IDENTITIES,
    CORE_ITEMS,
    CORE_ORDER_LINES,
    CORE_PEOPLE,
    REC_AUDIENCE_ITEMS,
    REC_CUSTOMER_ITEMS,
)
from expectations.contracts.tables import Table
from spark_jobs.lake.tables import Lake

SOURCE = "sample_shop"


@dataclass(frozen=True)
class Home:
    """A home's lake and warehouse, and the key its identifiers are hashed with."""

    folder: Path
    key: str

    @cached_property
    def lake(self) -> Lake:
        return Lake(self.folder / "lake")

    def rows(self, table: Table) -> list[dict[str, Any]]:
        """A table's rows; none where it was never written."""
        return self.lake.read_arrow(table).to_pylist() if self.lake.exists(table) else []

    def identifier(self, kind: str, value: str) -> str:
        """The id under which the lake knows an identifier."""
        return hash_identifier(self.key, kind, SOURCE, value)

    @cached_property
    def owner(self) -> dict[str, str]:
        """Customer by identifier."""
        return {row["identifier_id"]: row["customer_id"] for row in self.rows(CORE_IDENTITIES)}

    @cached_property
    def held_by(self) -> dict[str, set[str]]:
        """Identifiers by customer."""
        identifiers: dict[str, set[str]] = {}
        for identifier, customer in self.owner.items():
            identifiers.setdefault(customer, set()).add(identifier)
        return identifiers

    @cached_property
    def lists(self) -> dict[str, list[str]]:
        """Item ids by customer with a list of their own."""
        return {
            row["customer_id"]: [item["item_id"] for item in row["items"]]
            for row in self.rows(REC_CUSTOMER_ITEMS)
        }

    @cached_property
    def shown(self) -> set[str]:
        """Every item in any list of a customer or an audience."""
        audiences = [[item["item_id"] for item in row["items"]] for row in self.rows(REC_AUDIENCE_ITEMS)]
        return {item for items in (*self.lists.values(), *audiences) for item in items}

    @cached_property
    def items(self) -> dict[str, dict[str, Any]]:
        return {row["item_id"]: row for row in self.rows(CORE_ITEMS)}

    @cached_property
    def people(self) -> dict[str, dict[str, Any]]:
        return {row["record_id"]: row for row in self.rows(CORE_PEOPLE)}

    @cached_property
    def order_lines(self) -> dict[str, list[dict[str, Any]]]:
        """Lines by order."""
        lines: dict[str, list[dict[str, Any]]] = {}
        for row in self.rows(CORE_ORDER_LINES):
            lines.setdefault(row["order_id"], []).append(row)
        return lines

    def query(self, sql: str) -> list[dict[str, Any]]:
        """What the warehouse answers."""
        with duckdb.connect(str(self.folder / "warehouse" / "concierge.duckdb"), read_only=True) as warehouse:
            return warehouse.sql(sql).to_arrow_table().to_pylist()

    @cached_property
    def orders(self) -> dict[str, dict[str, Any]]:
        """Rows of `fct_orders` that are no returns, by order."""
        return {row["order_id"]: row for row in self.query("select * from fct_orders where not is_return")}

    @cached_property
    def denied(self) -> set[str]:
        """Customers whom the warehouse takes for not consenting to personalization."""
        sql = "select customer_id from dim_customers where not has_personalization_consent"
        return {row["customer_id"] for row in self.query(sql)}

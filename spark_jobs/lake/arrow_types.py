"""A contract's column types for Arrow, so that tables are read and small ones written without a JVM."""

import re

import pyarrow as pa

from expectations.contracts.tables import Table

PLAIN_TYPES = {
    "string": pa.string(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


def to_arrow_type(spark_type: str) -> pa.DataType:
    """The Arrow type of a Spark SQL type as contracts write it: plain, decimal, array<…>, map<…,…> and
    struct<name:…>.

    Raises:
        ValueError: a type that contracts do not use.
    """
    if spark_type in PLAIN_TYPES:
        return PLAIN_TYPES[spark_type]
    outer, _, rest = spark_type.partition("<")
    inner = rest.removesuffix(">")
    if outer == "array":
        return pa.list_(to_arrow_type(inner))
    if outer == "map":
        return pa.map_(*(to_arrow_type(part) for part in _split_type_arguments(inner)))
    if outer == "struct":
        return pa.struct(
            [
                (name, to_arrow_type(of))
                for name, _, of in (part.partition(":") for part in _split_type_arguments(inner))
            ]
        )
    if decimal := re.fullmatch(r"decimal\((\d+),(\d+)\)", spark_type):
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    raise ValueError(f"no Arrow type for {spark_type!r}")


def _split_type_arguments(inner: str) -> list[str]:
    """The pieces between commas that stand in no bracket."""
    return re.findall(r"(?:[^,<>]|<(?:[^<>]|<[^<>]*>)*>)+", inner)


def build_arrow_schema(table: Table) -> pa.Schema:
    """The table's columns for Arrow."""
    return pa.schema(
        [
            pa.field(name, to_arrow_type(kind), nullable=name not in table.required)
            for name, kind in table.columns.items()
        ]
    )

"""One dialect of SQL as another: queries are written in DuckDB's, and sqlglot writes them as Snowflake's."""

import sqlglot


def transpile(query: str, dialect: str) -> str:
    """A query of DuckDB's dialect in another."""
    if dialect == "duckdb":
        return query
    return sqlglot.transpile(query, read="duckdb", write=dialect)[0]

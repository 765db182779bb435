"""Segment definitions as one SQL query of members, for DuckDB and, by sqlglot, for Snowflake."""

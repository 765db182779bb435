"""Snowflake as `load`, dbt, `export` and `publish` reach it: the connection, and the swap of two schemas."""

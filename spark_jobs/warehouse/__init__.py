"""The warehouse: loads the lake into it, builds it with dbt, and exports marts to the lake."""

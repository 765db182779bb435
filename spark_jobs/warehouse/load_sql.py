"""The statements of `load`, made from a table's contract. Names stand alone: the session is in the lake's
schema.
"""

import hashlib
import re

from expectations.contracts.tables import Table

WATERMARKS = "load_watermarks"
CHANGE_COLUMN = "change_kind"  # beside a staged row's columns: UPSERT or DELETE
UPSERT, DELETE = "upsert", "delete"

CREATE_WATERMARKS = f"""
create table if not exists {WATERMARKS} (
    table_name varchar not null, table_id varchar not null, lake_version integer not null,
    shape varchar not null,
    n_staged integer not null, run_id varchar not null, loaded_at timestamp_ntz not null
)"""

PLAIN_TYPES = {
    "string": "varchar",
    "int": "integer",
    "bigint": "integer",
    "double": "float",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp_ntz",
}


def to_snowflake_type(lake_kind: str) -> str:
    """Snowflake's type for a contract's; timestamps read UTC, arrays are ARRAY, maps and structs OBJECT."""
    if lake_kind in PLAIN_TYPES:
        return PLAIN_TYPES[lake_kind]
    if re.fullmatch(r"decimal\(\d+,\d+\)", lake_kind):
        return lake_kind.replace("decimal", "number")
    return "array" if lake_kind.startswith("array<") else "object"


def is_nested(lake_kind: str) -> bool:
    """Whether a column is staged as JSON text, since Parquet's own nesting loads into no ARRAY or OBJECT
    column.
    """
    return to_snowflake_type(lake_kind) in ("array", "object")


def hash_table_shape(table: Table) -> str:
    """Hash of the columns and key: a table of another shape is loaded anew."""
    return hashlib.sha256(repr((dict(table.columns), table.key)).encode()).hexdigest()[:12]


def format_create_table(table: Table) -> str:
    """The table, empty."""
    columns = [
        f"{name} {to_snowflake_type(of)}{' not null' if name in table.required else ''}"
        for name, of in table.columns.items()
    ]
    return f"create or replace table {table.name} ({', '.join(columns)})"


def format_create_staging_table(table: Table) -> str:
    """Where changed rows land before they are merged."""
    columns = [
        f"{name} {'varchar' if is_nested(of) else to_snowflake_type(of)}"
        for name, of in table.columns.items()
    ]
    columns.append(f"{CHANGE_COLUMN} varchar")
    return f"create or replace transient table {get_staging_table_name(table)} ({', '.join(columns)})"


def format_create_stage(table: Table) -> str:
    """Where files are put: empty at each load, and gone with the session."""
    return f"create or replace temporary stage {get_stage_name(table)}"


def get_staging_table_name(table: Table) -> str:
    return f"{table.name}_staged"


def get_stage_name(table: Table) -> str:
    return f"{table.name}_files"


def format_copy_files(table: Table) -> str:
    """Take in the Parquet files that were put on the stage."""
    return f"""
copy into {get_staging_table_name(table)} from @{get_stage_name(table)}
file_format = (type = parquet use_logical_type = true binary_as_text = false)
match_by_column_name = case_insensitive"""


def format_select_staged_rows(table: Table) -> str:
    """The staged rows with the types of the table."""
    typed = [
        f"parse_json({name})::{to_snowflake_type(of)} as {name}" if is_nested(of) else name
        for name, of in table.columns.items()
    ]
    return f"select {', '.join([*typed, CHANGE_COLUMN])} from {get_staging_table_name(table)}"


def format_merge(table: Table) -> str:
    """Insert, update and delete by key."""
    same = " and ".join(f"old.{name} = new.{name}" for name in table.key)
    values = ", ".join(f"{name} = new.{name}" for name in table.columns if name not in table.key)
    update = f"\nwhen matched then update set {values}" if values else ""
    return f"""
merge into {table.name} as old using ({format_select_staged_rows(table)}) as new on {same}
when matched and new.{CHANGE_COLUMN} = '{DELETE}' then delete{update}
when not matched and new.{CHANGE_COLUMN} = '{UPSERT}' then
    insert ({", ".join(table.columns)}) values ({", ".join(f"new.{name}" for name in table.columns)})"""


def format_insert_staged_rows(table: Table) -> str:
    """Every staged row into the emptied table."""
    columns = ", ".join(table.columns)
    return f"insert into {table.name} select {columns} from ({format_select_staged_rows(table)}) as new"

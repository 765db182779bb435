"""What is left out of the comparison of two homes: ids of runs, clock times and hashes of code, each with the
reason. Nothing else may differ.

An entry claims that the value differs between any two runs, of the same code on the same files too.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

RUN = "the id of a run holds the moment at which it started"
CLOCK = "a clock time or a duration"
CODE = "a hash into which the text of the code goes: a renaming changes it"
TABLE_ID = "holds the random id that Delta gives a table when it is made"
RANDOM = "a random id"
PATH = "holds the path of the home"


@dataclass(frozen=True)
class Column:
    """A column that is not compared."""

    table: str
    name: str
    reason: str


@dataclass(frozen=True)
class Field:
    """A field of a JSON document that is not compared; `pattern` matches its whole path."""

    pattern: str
    reason: str


COLUMNS = (
    Column("core_identity_changes", "run_id", RUN),
    Column("stg_core__identity_changes", "run_id", RUN),
    Column("fct_identity_changes", "run_id", RUN),
    Column("ops_deliveries", "run_id", RUN),
    Column("ops_runs", "run_id", RUN),
    Column("ops_runs", "seconds", CLOCK),
    Column("ops_runs", "finished_at", CLOCK),
    Column("ops_runs", "code_hash", CODE),
    Column("ops_runs", "detail", "JSON that holds seconds, bytes of memory, ids of runs and of tables"),
    Column("rec_customer_items_v1", "inputs", CODE),
    Column("int_build__reads", "lake_version", TABLE_ID),
    Column("int_build__reads", "models_hash", CODE),
)

# Tables of the warehouse whose rows say what a build worked out, not what came of it: another way there has
# others.
TABLES = (
    r"int_(build__(window|touched_days|changed_.*|moved_.*|rescored_.*|evaluated_.*|replaced_.*)|touched_.*)",
    r"int_(build__(score|cut|bucket)_.*|score_.*|evaluat.*|states_to_evaluate|buyer_spans|state_changes)",
    r"int_(spine|customer_states|category_states|counted_days|favourite_lines|rfm_scores)",
    r"int_segment_(inputs|days|stays)",
)

SUMMARY = (
    Field(r"(.*\.)?run_id", RUN),
    Field(r"published\.(snapshot|warehouse_file)", RUN),
    Field(r"published\.published_at", CLOCK),
    Field(r"identity\.report", PATH),
    Field(r"(.*\.)?(trial_)?seconds(\..*)?", CLOCK),
    Field(r"(.*\.)?code_hash", CODE),
    Field(r"(model|model\.served|published)\.inputs", CODE),
)

ANSWERS = (
    Field(r"request_id", RANDOM),
    Field(r"generated_at|published_at|age_seconds|ages\..*|(overrides\.\d+\.)?created_at", CLOCK),
    Field(r"snapshot", RUN),
    Field(r"build|info\.version", CODE),
    Field(r"(.*\.)?(summary|description|title)", "prose of the interface's own description"),
)


def ignored_columns(table: str) -> frozenset[str]:
    """The columns of a table that are not compared."""
    return frozenset(column.name for column in COLUMNS if column.table == table)


def is_table_ignored(table: str) -> bool:
    """Whether a table of the warehouse is not compared."""
    return any(re.fullmatch(pattern, table) for pattern in TABLES)


def is_ignored(path: str, fields: Iterable[Field]) -> bool:
    """Whether a field of a JSON document is not compared, by its path such as `model.served.run_id`."""
    return any(re.fullmatch(field.pattern, path) for field in fields)

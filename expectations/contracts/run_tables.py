"""The lake's tables of its own running: what was received, what of it was refused, and what each step did."""

from expectations.contracts.tables import Table

QUARANTINE = Table(
    name="quarantine",
    grain="One row per refused record.",
    key=("delivery_id", "source_line"),
    partition="landing_date",
    not_null=("source", "entity", "reason"),
    personal=("raw_text", "detail"),
    columns={
        "source": "string",
        "entity": "string",
        "source_file": "string",
        "source_line": "int",
        "delivery_id": "string",
        "landing_date": "date",
        "raw_text": "string",
        "reason": "string",  # a code of expectations.contracts.reasons
        "detail": "string",
    },
)

OPS_DELIVERIES = Table(
    name="ops_deliveries",
    grain="One row per file received: the ingest manifest.",
    key=("delivery_id",),
    columns={
        "delivery_id": "string",  # hash of path and content
        "source": "string",
        "entity": "string",
        "source_file": "string",  # relative to landing/
        "landing_date": "date",
        "sha256": "string",
        "n_bytes": "bigint",
        "n_records": "bigint",  # null while it is begun and not taken in
        "n_keys": "bigint",  # things that a whole file names; null for other files
        "superseded_by": "string",  # delivery_id of a later file of the same name; null while current
        "run_id": "string",
    },
)

OPS_RUNS = Table(
    name="ops_runs",
    grain="One row per run, step and table: the run manifest. Append-only; a repeated step adds rows.",
    key=(),
    columns={
        "run_id": "string",
        "step": "string",
        "table_name": "string",
        "days_from": "date",
        "days_to": "date",
        "version_before": "bigint",  # null: the table did not exist
        "version_after": "bigint",
        "n_rows": "bigint",
        "n_received": "bigint",
        "n_inserted": "bigint",
        "n_updated": "bigint",
        "n_unchanged": "bigint",
        "n_superseded": "bigint",
        "n_duplicate": "bigint",
        "n_quarantined": "bigint",
        "touched_dates": "array<date>",
        "detail": "string",  # JSON
        "seconds": "double",
        "finished_at": "timestamp",
        "code_hash": "string",
        "config_hash": "string",
    },
)

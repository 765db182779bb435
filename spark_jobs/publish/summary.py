"""`$CONCIERGE_HOME/summary.json`: the last night's figures on one page, for people and for whoever watches
them.

Holds counts and ids of segments and models only: no personal values.
"""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from expectations.contracts.files import write_text_atomically
from expectations.contracts.home import HomePaths
from expectations.contracts.lake import (
    CORE_IDENTIFIERS,
    CORE_IDENTITIES,
    CORE_IDENTITY_REVIEWS,
    FEAT_CUSTOMERS,
    OPS_RUNS,
)
from expectations.contracts.published import Published
from spark_jobs.lake.tables import Lake
from spark_jobs.publish import identity_records
from spark_jobs.publish.snapshot_tables import remove_held_back
from spark_jobs.run.context import RunContext
from spark_jobs.run.manifest import OUTCOMES
from spark_jobs.settings import Settings
from spark_jobs.snowflake.connection import connect_to_snowflake

KNOWN_KINDS = ("user_id", "crm_id", "email", "phone")


def collect_entity_outcomes(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What became of the records of one run: a dict per entity with every outcome, from rows of
    `ops_runs`.
    """
    return [
        {"table": row["table_name"], **{name: row[f"n_{name}"] or 0 for name in OUTCOMES}}
        for row in rows
        if row["step"] == "ingest" and row["n_received"] is not None
    ]


FILE_NOTE_KEYS = ("n_ended", "suspicious_whole_files", "n_files_without_records", "files_without_records")


def collect_file_notes(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What one run noted of the files it took in: what whole files ended, which were not believed, which hold
    no record.
    """
    details = {
        row["table_name"]: json.loads(row["detail"] or "{}") for row in rows if row["step"] == "ingest"
    }
    notes = [
        {"table": name} | {key: detail[key] for key in FILE_NOTE_KEYS if detail.get(key)}
        for name, detail in details.items()
    ]
    return [note for note in notes if len(note) > 1]


def is_balanced(entities: list[dict[str, Any]]) -> bool:
    """Whether conservation holds for all entities: received equals the sum of outcomes."""
    return all(entity["received"] == sum(entity[name] for name in OUTCOMES[1:]) for entity in entities)


def count_customers(lake: Lake) -> dict[str, int]:
    """How many customers there are, known and anonymous, and how many identifiers were merged into others'
    customers.
    """
    identities = lake.read_arrow(CORE_IDENTITIES).to_pandas()
    kinds = lake.read_arrow(CORE_IDENTIFIERS, ["identifier_id", "kind"]).to_pandas()
    known = identities.merge(
        kinds[kinds["kind"].isin(KNOWN_KINDS)], on="identifier_id", how="inner", validate="1:1"
    )
    n_customers, n_known = identities["customer_id"].nunique(), known["customer_id"].nunique()
    return {
        "identifiers": len(identities),
        "customers": n_customers,
        "known": n_known,
        "anonymous": n_customers - n_known,
        "merged_identifiers": len(identities) - n_customers,
    }


def pick_example_customer(lake: Lake) -> dict[str, Any] | None:
    """The customer of most orders who may be personalised for, for whoever wants to try the service; None
    without one.
    """
    features = remove_held_back(
        lake.read_arrow(FEAT_CUSTOMERS, ["customer_id", "n_orders"]), identity_records.read_reviews(lake)
    )
    return min(features.to_pylist(), key=lambda row: (-row["n_orders"], row["customer_id"]), default=None)


def count_review_questions(lake: Lake, page: Path) -> dict[str, Any]:
    """How many questions about merges wait for a person, by kind, how many customers are held back until
    then, and the page that shows them, or None."""
    rows = lake.read_arrow(CORE_IDENTITY_REVIEWS, ["kind", "is_held_back"]).to_pylist()
    return {
        "n_questions": dict(sorted(Counter(row["kind"] for row in rows).items())),
        "n_held_back": sum(row["is_held_back"] for row in rows),
        "report": str(page) if page.exists() else None,
    }


def read_segment_sizes(settings: Settings, warehouse_file: str) -> list[dict[str, Any]]:
    """`segment_id`, `name` and `n_customers` of each segment, from the warehouse just published, largest
    first.
    """
    query = "select segment_id, name, n_customers from {}dim_segments order by n_customers desc, segment_id"
    if settings.warehouse == "snowflake":
        with connect_to_snowflake(settings) as session:
            rows = session.run(query.format(f"{settings.snowflake['schema']}."))
    else:
        file = settings.paths.warehouse_builds / warehouse_file
        with duckdb.connect(str(file), read_only=True) as connection:
            rows = connection.execute(query.format("")).fetchall()
    return [dict(zip(("segment_id", "name", "n_customers"), row, strict=True)) for row in rows]


def build_summary(context: RunContext, lake: Lake, published: Published) -> dict[str, Any]:
    """Build the run summary from the run manifest, the lake, the published warehouse and the reports of train
    and publish.
    """
    rows = lake.read_matching(OPS_RUNS, list(OPS_RUNS.columns), {"run_id": [context.run_id]}).to_pylist()
    entities = collect_entity_outcomes(rows)
    paths = context.settings.paths
    return {
        "run_id": context.run_id,
        "days": {"from": context.days.first.isoformat(), "to": context.days.last.isoformat()},
        "received": entities,
        "balanced": is_balanced(entities),
        "files": collect_file_notes(rows),
        "customers": count_customers(lake),
        "example_customer": pick_example_customer(lake),
        "identity": count_review_questions(lake, paths.identity_report(context.slug)),
        "segments": read_segment_sizes(context.settings, published.warehouse_file),
        "model": read_report(paths.model_report(context.slug)),
        "lists": read_report(paths.list_report(context.slug)),
        "seconds": {row["step"]: round(row["seconds"], 1) for row in rows},
        "published": asdict(published),
    }


def read_run_id(home: Path) -> str | None:
    """The run that `summary.json` is about; None where there is none."""
    return read_report(HomePaths(home).summary).get("run_id")


def read_report(path: Path) -> dict[str, Any]:
    """A report an earlier step left, or an empty one when that step had nothing new to say."""
    return json.loads(path.read_text()) if path.exists() else {}


def write_summary(summary: dict[str, Any], home: Path) -> None:
    """Write `summary.json`, by one rename."""
    write_text_atomically(HomePaths(home).summary, json.dumps(summary, indent=2, default=str) + "\n")

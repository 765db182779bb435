"""SQL traits that failed in a build: which they are, so that the build goes on without them.

A trait is a shop's own SQL. What is wrong with one keeps neither its neighbours nor the night from being
built; the profile has of it what the night before had.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from spark_jobs.warehouse.dbt_results import FAILED_STATUSES

SKIPPED = "skipped"


def find_failed_traits(output: str, results: Path, models: Sequence[str]) -> dict[str, str]:
    """Each failed model of these with why; nothing where anything else failed as well.

    Args:
        output: all that dbt said.
        results: its `run_results.json`, which is not there where dbt did not start building.
        models: the SQL traits of the build.
    """
    if not results.exists():
        named = [model for model in models if re.search(rf"models/traits/{re.escape(model)}\.sql\b", output)]
        return dict.fromkeys(named, "dbt could not read it: " + " ".join(output.split())[-300:])
    failed: dict[str, str] = {}
    for node in json.loads(results.read_text())["results"]:
        model = find_model(node, models)
        if node["status"] in FAILED_STATUSES:
            if model is None:
                return {}
            failed[model] = " ".join(str(node["message"]).split())
        elif node["status"] == SKIPPED and node["unique_id"].startswith("model.") and model:
            failed.setdefault(model, "it rests on a trait that failed")
    return failed


def find_model(node: Mapping[str, Any], models: Collection[str]) -> str | None:
    """The SQL trait that a node is, or is a test of."""
    kind, _, name = (node.get("attached_node") or node["unique_id"]).split(".")[:3]
    return name if kind == "model" and name in models else None


def merge_results(before: dict | None, again: dict) -> dict:
    """The results of a build and of the part of it that was made once more; of the first what went well."""
    if before is None:
        return again
    made = {node["unique_id"] for node in again["results"]}
    kept = [
        node
        for node in before["results"]
        if node["unique_id"] not in made and node["status"] not in (*FAILED_STATUSES, SKIPPED)
    ]
    return {**again, "results": kept + again["results"]}

"""What a model is made of: versions of tables, code, settings, days, and how many customers were left out."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pyarrow.compute as pc

from expectations.contracts.lake import (
    CORE_CONSENTS,
    CORE_IDENTITIES,
    FCT_INTERACTIONS,
    FEAT_CUSTOMERS,
    FEAT_ITEMS,
)
from models.time_split import HoldoutWindows
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import RunContext
from spark_jobs.train.matrices import TrainingMatrices

TRAINING_TABLES = (FCT_INTERACTIONS, FEAT_CUSTOMERS, FEAT_ITEMS)
# Kinds of versions: the accepted configuration fitted again, or the result of a search.
REFIT, SEARCH = "refit", "search"
EPOCH = date(1970, 1, 1)


def fingerprint_inputs(run: RunContext, lake: Lake, configuration: Mapping[str, Any]) -> str:
    """A hash of what a model is made of: table versions, code, settings, configuration. Equal hashes mean
    equal models.
    """
    return hash_json([read_table_versions(lake), run.code_hash, run.config_hash, configuration])


def hash_configuration(configuration: Mapping[str, Any]) -> str:
    """A short name of a configuration, the same for equal ones."""
    return hash_json(configuration)


def hash_json(value: Any) -> str:
    """24 hex digits of a value that JSON can hold; the order of keys does not matter."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:24]


def read_table_versions(lake: Lake) -> dict[str, int | None]:
    """The newest version of each table that training reads."""
    return {table.name: lake.version(table) for table in TRAINING_TABLES}


def summarise_consent(lake: Lake, matrices: TrainingMatrices) -> dict[str, int | None]:
    """The consent that training applied: the versions it was read from, and how much it left out.

    Customers left out are those in `core_identities` and not in `feat_customers`; None without identities.
    """
    n_left_out = None
    if lake.exists(CORE_IDENTITIES):
        customers = pc.unique(lake.read_arrow(CORE_IDENTITIES, ["customer_id"])["customer_id"])
        consenting = lake.read_arrow(FEAT_CUSTOMERS, ["customer_id"])["customer_id"].combine_chunks()
        n_left_out = pc.sum(pc.invert(pc.is_in(customers, value_set=consenting))).as_py() or 0
    return {
        "core_consents_version": lake.version(CORE_CONSENTS),
        "feat_customers_version": lake.version(FEAT_CUSTOMERS),
        "n_customers_left_out": n_left_out,
        "n_days_of_behaviour_left_out": matrices.n_left_out,
    }


def format_window_dates(matrices: TrainingMatrices, windows: HoldoutWindows | None) -> dict[str, str]:
    """The days of training, `from` included and `until` not, and the windows within them, as ISO dates."""
    behaviour = matrices.training.behaviour
    days = {"from": int(behaviour.day.min()), "until": behaviour.until, **(vars(windows) if windows else {})}
    return {name: format_day(value) for name, value in days.items()}


def day_to_date(day: int) -> date:
    """The date of a day counted from 1970-01-01."""
    return EPOCH + timedelta(days=day)


def format_day(day: int) -> str:
    """The ISO date of a day counted from 1970-01-01."""
    return day_to_date(day).isoformat()


def date_to_day(day: date) -> int:
    """A date as days since 1970-01-01."""
    return (day - EPOCH).days


def explain_retraining(accepted_tags: Mapping[str, str] | None, tags: Mapping[str, Any]) -> list[str]:
    """Why a model is trained: what changed since the accepted one.

    Args:
        accepted_tags: of the accepted version; None before the first.
        tags: tonight's, under the same names.
    """
    if accepted_tags is None:
        return ["no model has been accepted yet"]
    sentences = {"code_hash": "the code changed", "config_hash": "the settings changed"}
    reasons = [sentence for name, sentence in sentences.items() if accepted_tags.get(name) != tags[name]]
    for name in sorted(name for name in tags if name.startswith("table.")):
        before = accepted_tags.get(name)
        if before != tags[name]:
            reasons.append(f"new data: {name.removeprefix('table.')} version {before} → {tags[name]}")
    return reasons or ["another configuration"]

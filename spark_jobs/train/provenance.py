"""What a model is made from: versions of tables, code, settings, days, and who was left out."""

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
from models.time_split import Windows
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import Night
from spark_jobs.train.matrices import TrainingMatrices

TRAINING_TABLES = (FCT_INTERACTIONS, FEAT_CUSTOMERS, FEAT_ITEMS)
REFIT, SEARCH = (
    "refit",
    "search",
)  # kinds of versions: the accepted configuration made anew, or another one found
EPOCH = date(1970, 1, 1)


def fingerprint_inputs(night: Night, lake: Lake, configuration: Mapping[str, Any]) -> str:
    """What a model is made from: versions of the tables, code, settings, configuration. Equal means the same
    model.
    """
    return hash_json([read_table_versions(lake), night.code_hash, night.config_hash, configuration])


def hash_configuration(configuration: Mapping[str, Any]) -> str:
    """A short name of a configuration: equal ones have the same."""
    return hash_json(configuration)


def hash_json(said: Any) -> str:
    """24 hex digits of whatever JSON can say; the order of names is no matter."""
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:24]


def read_table_versions(lake: Lake) -> dict[str, int | None]:
    """The newest version of each table that training reads."""
    return {table.name: lake.version(table) for table in TRAINING_TABLES}


def summarise_consent(lake: Lake, material: TrainingMatrices) -> dict[str, int | None]:
    """The consent that training kept to: which version said it, and how much it left out.

    Customers left out are those `core_identities` knows and `feat_customers` does not; None where there are
    no identities.
    """
    n_left_out = None
    if lake.exists(CORE_IDENTITIES):
        everyone = pc.unique(lake.read_arrow(CORE_IDENTITIES, ["customer_id"])["customer_id"])
        asked = lake.read_arrow(FEAT_CUSTOMERS, ["customer_id"])["customer_id"].combine_chunks()
        n_left_out = pc.sum(pc.invert(pc.is_in(everyone, value_set=asked))).as_py() or 0
    return {
        "core_consents_version": lake.version(CORE_CONSENTS),
        "feat_customers_version": lake.version(FEAT_CUSTOMERS),
        "n_customers_left_out": n_left_out,
        "n_days_of_behaviour_left_out": material.n_left_out,
    }


def list_window_dates(material: TrainingMatrices, cut: Windows | None) -> dict[str, str]:
    """The days that were learned from, first included and last not, and the windows within them, as dates."""
    behaviour = material.training.behaviour
    days = {"from": int(behaviour.day.min()), "until": behaviour.until, **(vars(cut) if cut else {})}
    return {name: format_day(value) for name, value in days.items()}


def day_to_date(day: int) -> date:
    """A day counted from 1970-01-01, as a date."""
    return EPOCH + timedelta(days=day)


def format_day(day: int) -> str:
    """A day counted from 1970-01-01, as text."""
    return day_to_date(day).isoformat()


def date_to_day(day: date) -> int:
    """A day, counted from 1970-01-01."""
    return (day - EPOCH).days


def explain_retraining(tags: Mapping[str, str] | None, said: Mapping[str, Any]) -> list[str]:
    """Why a model is trained: what is not as it was when the accepted one was.

    Args:
        tags: the accepted version's; None before the first.
        said: tonight's tags, under the same names.
    """
    if tags is None:
        return ["no model has been accepted yet"]
    words = {"code_hash": "the code changed", "config_hash": "the settings changed"}
    found = [why for name, why in words.items() if tags.get(name) != said[name]]
    for name in sorted(name for name in said if name.startswith("table.")):
        if tags.get(name) != said[name]:
            found.append(f"new data: {name.removeprefix('table.')} version {tags.get(name)} → {said[name]}")
    return found or ["another configuration"]

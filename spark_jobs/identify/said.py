"""What people said of a night's identities, as `land` finds it and as `identify` took it: equal means nothing
new was said.

Decisions in force, and the linkage model. Both may change while a night runs; what it did not take is the
next night's.
"""

import json
from pathlib import Path
from typing import NamedTuple

from expectations.contracts import identity_decisions
from expectations.contracts.lake import CORE_IDENTITY_DECISIONS, CORE_IDENTITY_LIKENESS, OPS_RUNS
from spark_jobs.identify.rules.parse import load
from spark_jobs.lake.tables import Lake
from spark_jobs.linkage.model import LinkageModel

MODEL = Path("identity") / "model.json"  # under the home: an operator's own


class Said(NamedTuple):
    """Ids of the decisions in force, and the model's fingerprint; empty before a night has compared any
    record.
    """

    decision_ids: frozenset[str]
    model: str


def model_of(home: Path) -> LinkageModel:
    """The model a home links by: its own or the one that ships, under the thresholds of the rules file."""
    rules = load()
    return LinkageModel.of_home(home / MODEL).held_to(rules.review, rules.link)


def offered(home: Path) -> Said:
    """What the next `identify` will take."""
    decided = identity_decisions.in_force(identity_decisions.read(home / identity_decisions.FILE))
    return Said(frozenset(each.decision_id for each in decided), model_of(home).fingerprint)


def taken(lake: Lake) -> Said:
    """What the last `identify` took."""
    decided = lake.read_arrow(CORE_IDENTITY_DECISIONS, ["decision_id", "is_in_force"]).to_pylist()
    runs = lake.read_arrow(OPS_RUNS, ["step", "table_name", "finished_at", "detail"]).to_pylist()
    compared = [
        run for run in runs if (run["step"], run["table_name"]) == ("identify", CORE_IDENTITY_LIKENESS.name)
    ]
    last = max(compared, key=lambda run: run["finished_at"], default={"detail": "{}"})
    return Said(
        frozenset(each["decision_id"] for each in decided if each["is_in_force"]),
        json.loads(last["detail"]).get("model", ""),
    )

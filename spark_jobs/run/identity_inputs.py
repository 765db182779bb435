"""What people decide that a run's identities depend on: decisions in force, and the linkage model.

`land` compares what the next `identify` would apply with what the last one applied; equal means nothing new
was decided. Both may change while a run is under way; what it did not apply is the next run's.
"""

import json
from pathlib import Path
from typing import NamedTuple

from expectations.contracts import identity_decision_file, identity_decisions
from expectations.contracts.lake import CORE_IDENTITY_DECISIONS, CORE_IDENTITY_LIKENESS, OPS_RUNS
from spark_jobs.lake.tables import Lake
from spark_jobs.linkage.home_model import load_home_model


class IdentityInputs(NamedTuple):
    """Ids of the decisions in force, and the fingerprint of the linkage model; both empty before a run has
    compared any record.
    """

    decision_ids: frozenset[str]
    model_fingerprint: str


def read_current_identity_inputs(home: Path) -> IdentityInputs:
    """What the next `identify` of this home will apply.

    Raises:
        DecisionError, IdentityRulesError: a file that people write says what is not allowed.
    """
    decisions = identity_decisions.select_in_force(
        identity_decision_file.read_decisions(home / identity_decision_file.DECISIONS_FILE)
    )
    return IdentityInputs(
        frozenset(decision.decision_id for decision in decisions), load_home_model(home).fingerprint
    )


def read_applied_identity_inputs(lake: Lake) -> IdentityInputs:
    """What the last `identify` applied, by the lake's decisions and its run manifest."""
    decisions = lake.read_arrow(CORE_IDENTITY_DECISIONS, ["decision_id", "is_in_force"]).to_pylist()
    comparisons = lake.read_matching(
        OPS_RUNS,
        ["finished_at", "detail"],
        {"step": ["identify"], "table_name": [CORE_IDENTITY_LIKENESS.name]},
    ).to_pylist()
    last = max(comparisons, key=lambda run: run["finished_at"], default={"detail": "{}"})
    return IdentityInputs(
        frozenset(row["decision_id"] for row in decisions if row["is_in_force"]),
        json.loads(last["detail"]).get("model", ""),
    )

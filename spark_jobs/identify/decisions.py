"""Identity decisions: the file as rows of the lake, and as links, refusals and splits of the graph."""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.identity_decisions import JOIN
from spark_jobs.identify.graph.links import DECISION_RULE, LINK_SCHEMA, PAIR_COLUMNS, SEEN_WEIGHT

PAIR_SCHEMA = pa.schema([(name, pa.string()) for name in PAIR_COLUMNS])


def select_decided_pairs(decisions: pa.Table, kind: str, identifiers: pa.ChunkedArray) -> list[dict]:
    """The decisions of a kind that are in force and whose two identifiers were seen, each with `pair`, the
    two in order.

    Computed on the driver: somebody has typed each of them.
    """
    decision_rows = [row for row in decisions.to_pylist() if row["decision"] == kind and row["is_in_force"]]
    names = pa.array(sorted({row[name] for row in decision_rows for name in PAIR_COLUMNS}), pa.string())
    first_seen_ids = (
        set(names.filter(pc.is_in(names, value_set=identifiers.combine_chunks())).to_pylist())
        if decision_rows
        else ()
    )
    return [
        {**row, "pair": tuple(sorted(row[name] for name in PAIR_COLUMNS))}
        for row in decision_rows
        if first_seen_ids >= {row[name] for name in PAIR_COLUMNS}
    ]


def build_pair_table(decisions: list[dict]) -> pa.Table:
    """The pairs of some decisions, in the columns of PAIRS."""
    return pa.Table.from_pylist(
        [dict(zip(PAIR_COLUMNS, each["pair"], strict=True)) for each in decisions], schema=PAIR_SCHEMA
    )


def build_decision_links(decisions: list[dict]) -> pa.Table:
    """A link for each pair that a decision joins."""
    links = [
        {
            **dict(zip(PAIR_COLUMNS, each["pair"], strict=True)),
            "rule": DECISION_RULE,
            "weight": SEEN_WEIGHT,
            "first_seen_at": each["decided_at"],
            "evidence": f"core_identity_decisions/{each['decision_id']}",
        }
        for each in decisions
        if each["decision"] == JOIN
    ]
    return pa.Table.from_pylist(links, schema=LINK_SCHEMA)


def build_decision_rows(decisions: Iterable, in_force: Iterable) -> list[dict]:
    """Decisions in the columns of `core_identity_decisions`, identifiers as they were written."""
    ids_in_force = {each.decision_id for each in in_force}
    return [
        {
            "decision_id": each.decision_id,
            "decided_at": each.decided_at,
            "decision": each.decision,
            "identifier_id_a": each.identifier_a,
            "identifier_id_b": each.identifier_b,
            "decided_by": each.decided_by,
            "reason": each.reason,
            "is_in_force": each.decision_id in ids_in_force,
        }
        for each in decisions
    ]

"""Records that likeness says are one person's, as links between identifiers, beneath all that was seen together."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from spark_jobs.identify.links import ALIKE

LINKS = pa.schema(
    [
        *((name, pa.string()) for name in ("identifier_id_a", "identifier_id_b", "rule", "evidence")),
        ("weight", pa.float64()), ("first_seen_at", pa.timestamp("us", tz="UTC")),
    ]
)  # fmt: skip
CARDS = pa.schema([("identifier_id", pa.string()), ("card", pa.string())])
STANDS_FOR = ("crm_identifier_id", "user_identifier_id", "email_identifier_id", "phone_identifier_id")


def stands_for(record: dict) -> str | None:
    """The identifier that a record is known by: the surest it has."""
    return next((record[name] for name in STANDS_FOR if record[name]), None)


def records(people: pa.Table) -> pa.Table:
    """`source, record_id, identifier_id`: what each record of `core_people` is known by."""
    said = people.select(["source", "record_id"])
    return said.append_column("identifier_id", pc.coalesce(*(people[name] for name in STANDS_FOR)))


def known_since(record: dict) -> datetime:
    """When a record began: as its source says, else the landing day that brought it."""
    said = record["created_at"] or record["updated_at"]
    return said or datetime.fromisoformat(record["first_received"][:10]).replace(tzinfo=UTC)


def alike(likeness: pa.Table, people: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Links of rule `alike`, and which records are one person's.

    Two records that name different user ids of one source are linked to nothing here: likeness contradicts what was seen.

    Args:
        likeness: `core_identity_likeness`.
        people: `core_people`.

    Returns:
        Links in the columns of `LINKS`, a < b, the likelier of two pairs between the same identifiers; and `identifier_id,
        card` for identifiers of records in a cluster of several, the card being the smallest of them.
    """
    names = ["source", "record_id", *STANDS_FOR, "created_at", "updated_at", "first_received"]
    records = {(row["source"], row["record_id"]): row for row in people.select(names).to_pylist()}
    found: dict[tuple[str, str], dict] = {}
    for pair in likeness.to_pylist():
        one, other = records[pair["source_a"], pair["record_id_a"]], records[pair["source_b"], pair["record_id_b"]]
        ends = sorted(filter(None, {stands_for(one), stands_for(other)}))
        if len(ends) < 2 or not pair["is_one_person"] or _contradict(one, other):
            continue
        evidence = "core_people/{source_a}/{record_id_a}~{source_b}/{record_id_b}".format(**pair)
        row = {
            "identifier_id_a": ends[0], "identifier_id_b": ends[1], "rule": ALIKE, "evidence": evidence,
            "weight": pair["probability"], "first_seen_at": max(known_since(one), known_since(other)),
        }  # fmt: skip
        before = found.get(tuple(ends))
        if before is None or (-row["weight"], evidence) < (-before["weight"], before["evidence"]):
            found[tuple(ends)] = row
    return pa.Table.from_pylist([found[key] for key in sorted(found)], schema=LINKS), _cards(list(found))


def _contradict(one: dict, other: dict) -> bool:
    users = one["user_identifier_id"], other["user_identifier_id"]
    return one["source"] == other["source"] and None not in users and users[0] != users[1]


def _cards(pairs: list[tuple[str, str]]) -> pa.Table:
    names = sorted({end for pair in pairs for end in pair})
    number = {name: k for k, name in enumerate(names)}
    ends = np.array([[number[a], number[b]] for a, b in pairs], dtype=np.int64).reshape(-1, 2)
    graph = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(names), len(names)))
    label = connected_components(graph, directed=False)[1] if names else []
    smallest: dict[int, str] = {}
    for name, of in zip(names, label, strict=True):  # sorted: the first of a label is its smallest
        smallest.setdefault(of, name)
    return pa.table([names, [smallest[of] for of in label]], schema=CARDS)

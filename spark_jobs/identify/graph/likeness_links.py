"""Links between identifiers whose person records are one person's by likeness; weaker than what was seen."""

from collections.abc import Mapping, Set
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.identify.graph.links import ALIKE_RULE, LINK_SCHEMA
from spark_jobs.linkage.components import find_components

RECORD_CLUSTER_SCHEMA = pa.schema([("identifier_id", pa.string()), ("record_cluster", pa.string())])
IDENTIFIERS_SUREST_FIRST = (
    "crm_identifier_id",
    "user_identifier_id",
    "email_identifier_id",
    "phone_identifier_id",
)
# what is read of `core_people`
PEOPLE_COLUMNS = [
    "source",
    "record_id",
    *IDENTIFIERS_SUREST_FIRST,
    "created_at",
    "updated_at",
    "first_received",
]


def select_surest_identifier(record: dict) -> str | None:
    """The surest identifier of a record; None when it has none."""
    return next((record[name] for name in IDENTIFIERS_SUREST_FIRST if record[name]), None)


def drop_blocked_identifiers(people: pa.Table, blocked: Set[str]) -> pa.Table:
    """The columns PEOPLE_COLUMNS of `core_people` without blocked identifiers: the next of a record
    speaks for it.
    """
    for name in IDENTIFIERS_SUREST_FIRST:
        ids = people[name]
        allowed = pc.if_else(
            pc.is_in(ids, value_set=pa.array(sorted(blocked), pa.string())), pa.scalar(None, pa.string()), ids
        )
        people = people.set_column(people.schema.get_field_index(name), name, allowed)
    return people


def list_record_identifiers(people: pa.Table) -> pa.Table:
    """`source, record_id, identifier_id`: the surest identifier of each record."""
    keys = people.select(["source", "record_id"])
    return keys.append_column(
        "identifier_id", pc.coalesce(*(people[name] for name in IDENTIFIERS_SUREST_FIRST))
    )


def read_record_start_time(record: dict) -> datetime:
    """When a record began: as its source says, else the landing date that brought it."""
    started_at = record["created_at"] or record["updated_at"]
    return started_at or datetime.fromisoformat(record["first_received"][:10]).replace(tzinfo=UTC)


def build_likeness_links(
    likeness: pa.Table, people: pa.Table, min_probability: float, decided_apart: Set[tuple[str, str]]
) -> tuple[pa.Table, pa.Table]:
    """Links of rule `alike`, and which records are one person's.

    Two records that name different user ids of one source are linked to nothing here: likeness contradicts
    what was seen.

    Args:
        likeness: `core_identity_likeness`.
        people: as `drop_blocked_identifiers` gives it.
        min_probability: the probability from which a pair links. Pairs below it stand in a cluster by the
            others of it, not by their own.
        decided_apart: pairs of identifiers, a < b, that somebody split or refused: their records are two
            people's.

    Returns:
        Links in the columns of `LINK_SCHEMA`, a < b, the likelier of two pairs between the same identifiers;
        and `identifier_id, record_cluster` for identifiers of records in a cluster of several, named by the
        smallest of them. A cluster that holds what is contradicted or was parted is no one person's: its
        records count as so many.
    """
    pairs = likeness.filter(
        pc.and_(likeness["is_one_person"], pc.greater_equal(likeness["probability"], min_probability))
    ).to_pylist()
    records = read_records_by_key(
        people, {(pair[f"source_{end}"], pair[f"record_id_{end}"]) for pair in pairs for end in "ab"}
    )
    links: dict[tuple[str, str], dict] = {}
    for pair in pairs:
        one, other = (
            records[pair["source_a"], pair["record_id_a"]],
            records[pair["source_b"], pair["record_id_b"]],
        )
        ends = sorted(filter(None, {select_surest_identifier(one), select_surest_identifier(other)}))
        if len(ends) < 2 or _contradict(one, other):
            continue
        evidence = "core_people/{source_a}/{record_id_a}~{source_b}/{record_id_b}".format(**pair)
        row = {
            "identifier_id_a": ends[0],
            "identifier_id_b": ends[1],
            "rule": ALIKE_RULE,
            "evidence": evidence,
            "weight": pair["probability"],
            "first_seen_at": max(read_record_start_time(one), read_record_start_time(other)),
        }
        before = links.get(tuple(ends))
        if before is None or (-row["weight"], evidence) < (-before["weight"], before["evidence"]):
            links[tuple(ends)] = row
    users = {
        select_surest_identifier(record): (record["source"], record["user_identifier_id"])
        for record in records.values()
    }
    return pa.Table.from_pylist(
        [links[key] for key in sorted(links)], schema=LINK_SCHEMA
    ), _build_record_clusters(list(links), users, decided_apart)


def read_records_by_key(people: pa.Table, keys: Set[tuple[str, str]]) -> dict[tuple[str, str], dict]:
    """The records of these keys, by key; of others nothing is read into Python."""
    ids = pa.array(sorted({record_id for _, record_id in keys}), pa.string())
    few = people.select(PEOPLE_COLUMNS).filter(pc.is_in(people["record_id"], value_set=ids)).to_pylist()
    return {key: row for row in few if (key := (row["source"], row["record_id"])) in keys}


def _contradict(one: dict, other: dict) -> bool:
    users = one["user_identifier_id"], other["user_identifier_id"]
    return one["source"] == other["source"] and None not in users and users[0] != users[1]


def _build_record_clusters(
    pairs: list[tuple[str, str]], users: Mapping[str, tuple[str, str | None]], parted: Set[tuple[str, str]]
) -> pa.Table:
    names = sorted({end for pair in pairs for end in pair})
    number = {name: k for k, name in enumerate(names)}
    ends = np.array([[number[a], number[b]] for a, b in pairs], dtype=np.int64).reshape(-1, 2)
    smallest = find_components(ends[:, 0], ends[:, 1], len(names)).tolist()
    # sorted: the smallest number is the smallest name
    cluster = {name: names[k] for name, k in zip(names, smallest, strict=True)}
    torn = {cluster[a] for a, b in parted if a in cluster and cluster[a] == cluster.get(b)}
    user_of: dict[tuple[str, str], str] = {}
    for name in names:
        source, user = users[name]
        if user and user_of.setdefault((cluster[name], source), user) != user:
            torn.add(cluster[name])
    clustered = [name for name in names if cluster[name] not in torn]
    return pa.table([clustered, [cluster[name] for name in clustered]], schema=RECORD_CLUSTER_SCHEMA)

"""The links of a snapshot, against the table they are made of; on every size of chunk."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.contracts import snapshot
from expectations.contracts.lake import CORE_IDENTITY_LINKS, CORE_IDENTITY_REVIEWS
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.tables import Lake
from spark_jobs.publish import identity_records

AT = datetime(2026, 1, 5, 8, 30, 0, 123456, UTC)
IDS = [f"i_{n:032x}" for n in (7, 3, 11, 5, 2)]


def table(rows):
    return pa.Table.from_pylist(rows, build_arrow_schema(CORE_IDENTITY_LINKS))


def row(a, b, rule, weight, held_by, seconds):
    return {
        "identifier_id_a": min(a, b),
        "identifier_id_b": max(a, b),
        "rule": rule,
        "evidence": f"core_events/{rule}",
        "weight": weight,
        "is_followed": held_by is None,
        "held_by": held_by,
        "first_seen_at": AT + timedelta(seconds=seconds),
    }


rows = st.lists(
    st.builds(
        row,
        st.sampled_from(IDS[:3]),
        st.sampled_from(IDS[3:]),
        st.sampled_from(["same_event", "alike"]),
        st.sampled_from([1.0, 0.5]),
        st.sampled_from([None, "shared/browser"]),
        st.integers(0, 10**6),
    ),
    max_size=8,
    unique_by=lambda one: (one["identifier_id_a"], one["identifier_id_b"], one["rule"]),
)


@pytest.mark.parametrize("chunk", [1, 2, 20_000])
def test_each_identifier_has_its_links_and_comes_back_as_it_was(monkeypatch, chunk):
    monkeypatch.setattr(identity_records, "CHUNK", chunk)

    @given(rows)
    def holds(seen):
        people = pa.table(
            {
                "identifier_id": IDS,
                "customer_id": [f"c_{n}" for n in range(5)],
                "kind": ["user_id"] * 4 + ["email"],
            }
        )
        found = dict(identity_records.group_links_by_identifier(people, table(seen)))
        assert set(found) == set(IDS)
        for n, one in enumerate(IDS):
            ends = [(each, {each["identifier_id_a"], each["identifier_id_b"]} - {one}) for each in seen]
            mine = {
                (
                    other.pop(),
                    each["rule"],
                    each["evidence"],
                    each["weight"],
                    each["first_seen_at"],
                    each["held_by"],
                )
                for each, other in ends
                if len(other) == 1
            }
            assert set(found[one].links) == mine and len(found[one].links) == len(mine)
            assert (found[one].kind, found[one].customer_id) == ("email" if n == 4 else "user_id", f"c_{n}")
            assert snapshot.unpack_links(snapshot.pack_links(found[one])) == found[one]

    holds()


def test_an_end_that_is_no_identifier_is_left_out():
    people = pa.table({"identifier_id": IDS[:1], "customer_id": ["c_0"], "kind": ["user_id"]})
    assert dict(
        identity_records.group_links_by_identifier(
            people, table([row(IDS[0], IDS[1], "alike", 1.0, None, 0)])
        )
    ) == {IDS[0]: snapshot.IdentifierLinks("user_id", "c_0", ())}


def test_every_identifier_has_its_kind_and_who_is_nobody_no_customer():
    kinds = pa.table({"identifier_id": IDS, "kind": ["user_id", "email", "phone", "crm_id", "anonymous_id"]})
    identities = pa.table({"identifier_id": IDS[:0:-1], "customer_id": ["c_4", "c_3", "c_2", "c_1"]})
    found = {
        row["identifier_id"]: (row["kind"], row["customer_id"])
        for row in identity_records.join_identifiers_with_customers(kinds, identities).to_pylist()
    }
    assert found == dict(
        zip(
            IDS,
            [
                ("user_id", None),
                ("email", "c_1"),
                ("phone", "c_2"),
                ("crm_id", "c_3"),
                ("anonymous_id", "c_4"),
            ],
            strict=True,
        )
    )


@pytest.mark.parametrize("chunk", [2, 20_000])
def test_of_a_crowd_the_earliest_held_links_are_kept_and_all_that_are_followed(monkeypatch, chunk):
    monkeypatch.setattr(identity_records, "MAX_UNFOLLOWED_LINKS", 3)
    monkeypatch.setattr(identity_records, "CHUNK", chunk)
    crowd, null = [f"i_{n:032x}" for n in range(20, 30)], f"i_{99:032x}"
    since = [5, 1, 4, 1, 9, 2, 6, 1, 8, 7]  # three of second 1: the 2nd, 4th and 8th
    seen = [
        row(one, null, "same_event", 1.0, "blocked/zeros", at) for one, at in zip(crowd, since, strict=True)
    ]
    seen += [row(one, null, "alike", 0.9, None, 10) for one in crowd[4:9]]
    people = pa.table(
        {"identifier_id": [*crowd, null], "kind": ["email"] * 11, "customer_id": [*crowd, None]}
    )
    found = dict(identity_records.group_links_by_identifier(people, table(seen[::-1])))
    assert {one.other for one in found[null].links if one.held_by} == {crowd[1], crowd[3], crowd[7]}
    assert {one.other for one in found[null].links if not one.held_by} == set(crowd[4:9])
    assert (found[null].customer_id, found[null].n_left_out) == (None, 7)
    assert all(
        found[one].n_left_out == 0 and null in {link.other for link in found[one].links} for one in crowd
    )
    assert snapshot.unpack_links(snapshot.pack_links(found[null])) == found[null]


def test_the_queue_begins_with_giants_then_bridges_each_by_score(tmp_path):
    lake = Lake(tmp_path)
    assert identity_records.read_reviews(lake) == []
    asked = [("likeness", 0.9), ("bridge", 2.0), ("giant", 5.0), ("bridge", 9.0), ("giant", 50.0)]
    lake.replace_rows(
        [
            {
                **dict.fromkeys(CORE_IDENTITY_REVIEWS.columns),
                "review_id": f"r{n}",
                "kind": kind,
                "score": score,
                "is_held_back": False,
            }
            for n, (kind, score) in enumerate(asked)
        ],
        CORE_IDENTITY_REVIEWS,
    )
    assert [one.review_id for one in identity_records.read_reviews(lake)] == ["r4", "r2", "r3", "r1", "r0"]

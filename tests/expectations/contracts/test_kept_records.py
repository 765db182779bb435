"""Records that the service and the nights fall back on: of whatever stands in their files, what can be read
is.
"""

import json
import os
from dataclasses import asdict, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations.contracts.published import (
    DEPLOYMENTS,
    FILE,
    HISTORY,
    Published,
    PublishedUnreadable,
    find_older_records,
    read_last_deployed,
    read_published_history,
)
from expectations.contracts.state_file import State, StateFile
from spark_jobs.publish import deployments

RECORD = Published(
    "two", "2026-02-20", "2026-02-21T03:00:00Z", "two", "", "concierge/7", "abc", {"core_items": 3}
)
BEFORE = replace(RECORD, run_id="one", snapshot="one", published_at="2026-02-20T03:00:00Z")
LINE = json.dumps(
    {
        "switched_at": "2026-02-21T03:00:00Z",
        "by": "publish",
        "shop_date": "2026-02-20",
        "record": asdict(RECORD),
    }
)
HOSTILE = [
    b"",
    b"\x00",
    b"\xff\xfe{}",
    b"[" * 100_000,
    b"null",
    b"[]",
    b"{}",
    b'{"record": 5}',
    b'{"snapshot": "../x"}',
    b'"',
]


def put(home, name, data):
    (home / name).parent.mkdir(parents=True, exist_ok=True)
    (home / name).write_bytes(data)


@pytest.mark.parametrize("data", HOSTILE)
def test_a_damaged_published_record_is_what_the_last_line_says(tmp_path, data):
    put(tmp_path, FILE, data)
    with pytest.raises(PublishedUnreadable, match=r"^published.json is damaged$"):
        Published.read(tmp_path)
    put(tmp_path, DEPLOYMENTS, LINE.encode() + b"\n" + data + b"\n")
    assert Published.read(tmp_path) == read_last_deployed(tmp_path) == RECORD
    assert [one.record for one in deployments.read_deployments(tmp_path)] == [asdict(RECORD)]


@pytest.mark.parametrize("data", HOSTILE)
def test_a_damaged_record_is_left_out(tmp_path, data):
    for record in (RECORD, BEFORE):
        put(tmp_path, HISTORY / f"{record.run_id}.json", json.dumps(asdict(record)).encode())
    put(tmp_path, HISTORY / "three.json", data)
    assert read_published_history(tmp_path) == [RECORD, BEFORE]
    assert (find_older_records(tmp_path, RECORD), find_older_records(tmp_path, BEFORE)) == ([BEFORE], [])


def test_nothing_published_is_no_damage(tmp_path):
    assert (Published.read(tmp_path), read_last_deployed(tmp_path), read_published_history(tmp_path)) == (
        None,
        None,
        [],
    )


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5)), max_size=3), st.data()
)
def test_a_state_is_read_whole_or_not_at_all(tmp_path, monkeypatch, content, data):
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # most of this test's time, and none of its matter
    file = StateFile(tmp_path, "state")
    file.write(State(7, content))
    written = file.paths[0].read_bytes()
    harmed = bytearray(written)
    for at in data.draw(st.lists(st.integers(0, len(written) - 1), min_size=1, max_size=3, unique=True)):
        harmed[at] ^= 1 << data.draw(st.integers(0, 7))
    file.paths[0].write_bytes(harmed)
    os.truncate(file.paths[1], data.draw(st.integers(0, len(written) - 1)))
    state, flaws = file.read()
    assert state in (None, State(7, content))
    assert len(flaws) == (2 if state is None else 1)

"""Overrides on disk: what is encoded is decoded, and whoever reads while others write sees a whole state."""

import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from expectations.contracts.override import (
    BLOCK,
    Override,
    decode_override,
    encode_override,
    open_override_file,
    read_override_rows,
    sort_overrides,
)
from expectations.contracts.state_file import State

NOW = datetime(2026, 2, 21, 12, tzinfo=UTC)
N_WRITES = 60
WRITER = """
import sys
from pathlib import Path
from expectations.contracts.override import decode_override, encode_override, open_override_file
from expectations.contracts.state_file import State
from tests.expectations.contracts.test_override import N_WRITES, make_override

file, first = open_override_file(Path(sys.argv[1])), int(sys.argv[2])
for number in range(first, first + N_WRITES):
    with file.writer_lock():
        state, _ = file.read()
        rows = [*(state.content if state else []), encode_override(make_override(number))]
        file.write(State((state.number if state else 0) + 1, rows))
"""


def make_override(number, **fields):
    values = {"kind": BLOCK, "item_id": f"item-{number}", "customer_id": None, "position": 0, "factor": 1.0}
    times = {"until": NOW + timedelta(hours=1), "created_at": NOW + timedelta(seconds=number)}
    return Override(**{"override_id": f"o_{number}", **values, **times, "reason": "é" * 200, **fields})


SCOPED = make_override(
    3,
    item_id=None,
    category="Tea",
    segment_id="vip",
    placement="home/top",
    starts_at=NOW,
    priority=-3,
    author="MK",
    version=7,
)


def test_the_codec_loses_nothing():
    for override in (make_override(1), make_override(2, kind="boost", factor=2.5, customer_id="c_1"), SCOPED):
        assert decode_override(encode_override(override)) == override
    assert encode_override(make_override(1))["until"] == "2026-02-21T13:00:00+00:00"


def test_a_row_of_an_earlier_version_and_one_of_a_later():
    row = {
        "override_id": "o_1",
        "kind": "pin",
        "item_id": "a",
        "customer_id": None,
        "position": 2,
        "factor": 1.0,
        "until": "2026-03-01T00:00:00+00:00",
        "created_at": "2026-02-01T00:00:00+00:00",
        "note": "spring",
    }
    earlier = decode_override(row)
    assert (earlier.reason, earlier.version, earlier.priority, earlier.starts_at) == ("spring", 1, 0, None)
    assert decode_override({**row, "field_of_a_later_version": 5}) == earlier


def test_a_scheduled_one_is_in_force_from_its_start():
    scheduled = make_override(1, starts_at=NOW + timedelta(minutes=10))
    moments = [NOW + timedelta(minutes=minutes) for minutes in (0, 10, 59, 60)]
    assert [scheduled.is_in_force(moment) for moment in moments] == [False, True, True, False]
    assert [scheduled.has_ended(moment) for moment in moments] == [False, False, False, True]


def test_a_file_of_an_earlier_version_is_read_and_checked(tmp_path):
    file = open_override_file(tmp_path)
    file.folder.mkdir(parents=True)
    fields = {"number": 7, "content": [encode_override(make_override(1))]}
    checksum = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
    text = json.dumps({"sha256": checksum, **fields}, indent=1)
    file.paths[0].write_text(text)
    file.paths[1].write_text(text.replace("item-1", "item-2"))
    assert file.read() == (State(7, fields["content"]), ["overrides.copy.json is damaged"])
    assert [row["item_id"] for row in read_override_rows(tmp_path)] == ["item-1"]


def test_oldest_first_and_in_force_until_their_end():
    assert sort_overrides([make_override(2), make_override(1)]) == (make_override(1), make_override(2))
    assert make_override(1).is_in_force(NOW + timedelta(minutes=59))
    assert not make_override(1).is_in_force(NOW + timedelta(hours=1))


def test_a_reader_sees_whole_states_while_two_processes_write(tmp_path):
    """As publish reads while the service's workers write: never fewer overrides than before, none torn."""
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    root = Path(__file__).parents[3]
    writers = [subprocess.Popen([*command, str(first)], cwd=root) for first in (0, 1_000)]
    counts = [0]
    while any(writer.poll() is None for writer in writers):
        rows = read_override_rows(tmp_path)
        assert all(decode_override(row).reason == "é" * 200 for row in rows)
        counts.append(len(rows))
    assert [writer.returncode for writer in writers] == [0, 0]
    assert counts == sorted(counts), "no state is older than one read before"
    assert len(set(counts)) > 3, "the control: it was read in between"
    assert len(read_override_rows(tmp_path)) == 2 * N_WRITES, "and no writer lost another's"
    state, flaws = open_override_file(tmp_path).read()
    assert (state.number, flaws) == (2 * N_WRITES, [])

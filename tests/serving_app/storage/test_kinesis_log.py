"""What Kinesis refuses is sent again and overtakes nothing, and what it goes on refusing is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_app.storage import kinesis_log
from serving_app.storage.event_log import LogUnavailable
from serving_app.storage.kinesis_log import BYTES_A_RECORD, LINES_A_RECORD, KinesisLog, pack_records


class Shards:
    """A client whose shards refuse records of some keys, so many times."""

    def __init__(self, refused):
        self.refused, self.stored = dict(refused), []

    def put_records(self, StreamName, Records):  # noqa: N803 - boto3's names
        results = []
        for record in Records:
            key = record["PartitionKey"]
            if self.refused.get(key, 0):
                self.refused[key] -= 1
                results.append({"ErrorCode": "ProvisionedThroughputExceededException"})
            else:
                self.stored += [(key, line) for line in record["Data"].split(b"\n")]
                results.append({"SequenceNumber": "1", "ShardId": "s"})
        return {"Records": results}


@pytest.fixture
def log(tmp_path, monkeypatch):
    monkeypatch.setattr(kinesis_log, "RETRY_SECONDS", 0)
    return KinesisLog("events", tmp_path)


def test_what_is_refused_is_sent_again_and_alone(log):
    log._client = Shards({"a": 2})
    n_lines = LINES_A_RECORD + 1
    lines = [b"%d" % n for n in range(2 * n_lines)]
    log.append_lines(lines, keys=[b"ab"[n % 2 : n % 2 + 1] for n in range(2 * n_lines)])
    for key, start in (("a", 0), ("b", 1)):
        assert [line for one, line in log._client.stored if one == key] == lines[start::2]


def test_what_is_refused_for_too_long_is_told(log):
    log._client, log._patience = Shards({"a": 10**6}), 0
    with pytest.raises(LogUnavailable):
        log.append_lines([b"1"], keys=[b"a"])
    assert "more arrive than its shards take" in log.describe_problem()
    log._client = Shards({})
    log.append_lines([b"1"], keys=[b"a"])
    assert log.describe_problem() == ""


@given(st.lists(st.tuples(st.sampled_from([b"a", b"b", b""]), st.sampled_from([1, 200_000, BYTES_A_RECORD]))))
def test_records_hold_each_keys_lines_in_order_and_no_call_has_a_key_twice(sizes):
    lines = [b"%06d" % n + b"x" * size for n, (_, size) in enumerate(sizes)]
    packed = [*pack_records(lines, [key for key, _ in sizes])]
    for records in packed:
        keys = [record["PartitionKey"] for record in records]
        assert len(keys) == len(set(keys))
    for key in (b"a", b"b", b""):
        name = key.decode() or "none"
        own = [r["Data"].split(b"\n") for records in packed for r in records if r["PartitionKey"] == name]
        assert [line for part in own for line in part] == [
            line for line, (one, _) in zip(lines, sizes, strict=True) if one == key
        ]
        assert all(len(part) == 1 or sum(map(len, part)) <= BYTES_A_RECORD + 500 for part in own)

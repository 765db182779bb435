"""Workers that are killed between sending, spooling, acknowledging and draining: whoever goes on loses no
acknowledged line and keeps the order of first copies.
"""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from operate.topics import Topic, make_topics
from serving_app.storage.event_log import START
from serving_app.storage.kafka_log import KafkaLog
from serving_app.storage.spool import Spool
from serving_app.storage.spooled_log import SpooledLog
from tests.serving_app.storage import dying_worker

ROOT = Path(__file__).resolve().parents[3]
# Lines of each that were acknowledged before it died, and copies in the topic once another has gone on.
ENDS = {
    "sent at once": (2, [0, 1, 2]),  # the third is there, and its client sends it again
    "half spooled": (3, [0, 1, 2]),
    "spooled": (3, [0, 1, 2, 3]),
    "drained one": (5, [0, 0, 1, 2, 3, 4]),
    "marked one": (5, [0, 1, 2, 3, 4]),
    "drained all": (5, [0, 1, 2, 3, 4, 1, 2, 3, 4]),
    "emptying": (5, [0, 1, 2, 3, 4, 1, 2, 3, 4]),
}


@pytest.fixture(scope="module")
def died(kafka, tmp_path_factory):
    """What each acknowledged, by the point at which it was killed; and the topic behind whoever went on."""
    make_topics(kafka.servers, [Topic("dying-workers", "", "", partitions=2, retention_days=1)])
    folders = {point: tmp_path_factory.mktemp("spool") for point in dying_worker.POINTS}
    workers = {
        point: subprocess.Popen(
            [sys.executable, dying_worker.__file__, folder, kafka.servers, "dying-workers", point],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for point, folder in folders.items()
    }
    printed = {point: worker.communicate(timeout=60)[0] for point, worker in workers.items()}
    acknowledged = {point: text.splitlines() for point, text in printed.items()}
    assert {worker.returncode for worker in workers.values()} == {-signal.SIGKILL}
    kafka_log = KafkaLog(kafka.servers, "dying-workers", patience_seconds=20)
    for folder in folders.values():
        log = SpooledLog(kafka_log, Spool(folder, 10**6), "Kafka", try_every_seconds=0)
        log.drain()
        assert log.describe_problem() == ""
    lines = [line.line.decode() for line in kafka_log.read_lines(START, 1000)]
    kafka_log.rotate(is_forced=True)
    return acknowledged, lines


@pytest.mark.parametrize("point", dying_worker.POINTS)
def test_no_acknowledged_line_is_lost_and_first_copies_are_in_order(died, point):
    acknowledged, lines = died
    n_acknowledged, copies = ENDS[point]
    assert acknowledged[point] == [f"{point} {n}" for n in range(n_acknowledged)]
    found = [int(line.rpartition(" ")[2]) for line in lines if line.rpartition(" ")[0] == point]
    assert found == copies
    first_copies = [*dict.fromkeys(found)]
    assert first_copies == sorted(first_copies) and {*range(n_acknowledged)} <= {*first_copies}

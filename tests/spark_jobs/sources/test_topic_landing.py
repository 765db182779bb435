"""Every line of a topic lands once, whoever reads it, however often, and wherever a reader is killed."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations.contracts.home import HomePaths
from spark_jobs.sources import topic_landing
from spark_jobs.sources.topic_landing import TopicLanding, TopicLine, make_file_name

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
TOPIC = "concierge.events"


class Killed(BaseException):
    """Stands for a SIGKILL: nobody catches it, nothing is tidied up."""


def line(partition: int, offset: int, day: int = 1) -> TopicLine:
    content = {"receivedAt": f"2026-01-{day:02}T12:00:00Z", "n": f"{partition}/{offset}"}
    return TopicLine(partition, offset, json.dumps(content).encode(), datetime(2026, 1, day, 12, tzinfo=UTC))


def landing(home: Path, zone: str = "UTC") -> TopicLanding:
    return TopicLanding(HomePaths(home), TOPIC, zone)


def read_landed(home: Path) -> list[tuple[str, str]]:
    """Day and number of each line that a night would find, file by file in their order of arrival."""
    folder = HomePaths(home).landed_events
    files = sorted(folder.glob("*/[!.]*.jsonl"), key=lambda file: (file.parent.name, file.name))
    return [(file.parent.name, json.loads(row)["n"]) for file in files for row in file.open()]


def test_files_are_of_one_day_of_receipt_and_hold_the_lines_as_they_came(tmp_path):
    days = [1, 2, 1]
    lines = [line(0, n, day) for n, day in enumerate(days)]
    files = landing(tmp_path).land(lines)
    name = "concierge.events-000000000000003-0.0-3.jsonl"
    assert [(file.parent.name, file.name) for file in files] == [("2026-01-01", name), ("2026-01-02", name)]
    assert files[0].read_bytes() == b"".join(lines[n].line + b"\n" for n in (0, 2))
    assert landing(tmp_path).read_positions() == {0: 3}


@pytest.mark.parametrize(
    ("content", "stored"),
    [
        pytest.param(None, b"null", id="no value"),
        pytest.param(b" \n", b"null", id="nothing but white space"),
        pytest.param(b'{"a":\n1}\r\n', b'{"a": 1}  ', id="JSON over several lines"),
        pytest.param(b"\xff\x00rubbish", b"\xff\x00rubbish", id="rubbish goes to ingest, which refuses it"),
    ],
)
def test_every_offset_has_one_line(tmp_path, content, stored):
    (file,) = landing(tmp_path).land([TopicLine(0, 7, content, NEW_YEAR)])
    assert file.read_bytes() == stored + b"\n"


@pytest.mark.parametrize(
    ("received_at", "zone", "day"),
    [
        ("2026-01-01T04:59:59Z", "America/New_York", date(2025, 12, 31)),
        ("2026-01-01T05:00:00Z", "America/New_York", date(2026, 1, 1)),
        ("2026-01-01T12:00:00", "Asia/Tokyo", date(2026, 1, 1)),
        (None, "America/New_York", date(2025, 12, 31)),
        ("yesterday", "Asia/Tokyo", date(2026, 1, 1)),
        ("0001-01-01T00:00:00Z", "America/New_York", date(2025, 12, 31)),
        ("2026-01-02T23:59:59Z", "UTC", date(2026, 1, 2)),
        ("2026-01-03T00:00:00Z", "UTC", date(2026, 1, 1)),
        ("2062-01-01T00:00:00Z", "UTC", date(2026, 1, 1)),
    ],
)
def test_the_day_is_the_shops_and_the_brokers_where_a_line_has_none(tmp_path, received_at, zone, day):
    sent = TopicLine(0, 0, json.dumps({"receivedAt": received_at}).encode(), NEW_YEAR)
    (file,) = landing(tmp_path, zone).land([sent])
    assert file.parent.name == str(day)


def test_names_in_text_order_are_in_order_of_landing():
    before, names = {}, []
    for after in ({0: 9}, {0: 9, 1: 1}, {0: 10, 1: 1}, {0: 10, 1: 1_000_000}, {0: 11, 1: 1_000_000}):
        names.append(make_file_name(TOPIC, before, after))
        before = after
    assert names == sorted(names)
    many = make_file_name("t" * 249, {}, dict.fromkeys(range(500), 10**12))
    assert len(f".{many}.part") <= 255


def test_a_topic_that_is_made_anew_overwrites_nothing(tmp_path):
    old, new = line(0, 0), TopicLine(0, 0, b'{"n": "new", "receivedAt": "2026-01-01T12:00:00Z"}', NEW_YEAR)
    landing(tmp_path).land([old])
    landing(tmp_path).begin_anew({0: 0})
    (file,) = landing(tmp_path).land([new])
    assert file.name == "concierge.events-000000000000001-0.0-1-2.jsonl"
    assert sorted(name for _, name in read_landed(tmp_path)) == ["0/0", "new"]
    assert landing(tmp_path).land([new]) == []


def test_a_damaged_journal_stops_the_landing_instead_of_doubling_it(tmp_path):
    landing(tmp_path).land([line(0, 0)])
    HomePaths(tmp_path).landed_offsets.write_text("{")
    with pytest.raises(ValueError, match=r"landed\.json does not say how far"):
        landing(tmp_path).land([line(0, 0)])


BATCHES = st.lists(
    st.tuples(st.integers(0, 2), st.integers(1, 4), st.lists(st.integers(1, 3), min_size=4, max_size=4)),
    max_size=6,
)
POINTS = ["write_durably", "write_text_atomically", "after commit", "sync_folder"]
KILLS = st.lists(st.tuples(st.sampled_from(POINTS), st.integers(1, 3)), max_size=4)


@given(BATCHES, KILLS, st.integers(0, 3))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_line_lands_once_wherever_a_reader_is_killed(tmp_path_factory, batches, kills, n_again):
    home, topic = tmp_path_factory.mktemp("home"), {0: [], 1: [], 2: []}
    kills = list(kills)
    for partition, n_lines, days in batches:
        mine = topic[partition]
        mine += [line(partition, len(mine) + n, days[n]) for n in range(n_lines)]
        # Read again from some way back, as from an old checkpoint, until nobody kills the reader.
        again = [each for lines in topic.values() for each in lines[-n_lines - n_again :]]
        while True:
            kill = kills.pop() if kills else None
            try:
                with pytest.MonkeyPatch.context() as patch:
                    arm(patch, kill)
                    landing(home).land(again)
                break
            except Killed:
                continue
    landing(home).finish()
    landed = read_landed(home)
    sent = [
        (str(json.loads(each.line)["receivedAt"])[:10], f"{each.partition}/{each.offset}")
        for lines in topic.values()
        for each in lines
    ]
    assert sorted(landed) == sorted(sent)
    for number in topic:  # and each visitor's events stay in order
        for day in ("2026-01-01", "2026-01-02", "2026-01-03"):
            of_day = [name for at, name in landed if at == day and name.startswith(f"{number}/")]
            assert of_day == sorted(of_day, key=lambda name: int(name.split("/")[1]))
    assert not list(HomePaths(home).landed_events.glob("*/.*.part"))


def arm(patch: pytest.MonkeyPatch, kill: tuple[str, int] | None) -> None:
    """Have the reader die before the n-th call of a function, or behind its commit."""
    if kill is None:
        return
    point, countdown = kill[0], [kill[1]]
    name = "write_text_atomically" if point == "after commit" else point
    real = getattr(topic_landing, name)

    def die_or_go_on(*args):
        countdown[0] -= 1
        if countdown[0]:
            return real(*args)
        if point == "after commit":
            real(*args)
        raise Killed

    patch.setattr(topic_landing, name, die_or_go_on)

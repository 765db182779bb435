"""What the replay of the sample shop stands on: the truth of a morning, times and visitors of lines."""

import json
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmarks.live_steering.sample_shop import LISTS, Answer, draw_worth, group_answers
from benchmarks.live_steering.shop_days import (
    AHEAD,
    DayTruth,
    find_time,
    parse_line,
    read_visitor_sessions,
    trade_on,
)
from sample_shop.judge import Judge

DAY = date(2026, 1, 9)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return trade_on(tmp_path_factory.mktemp("shop"), seed=5, customers=60, last=DAY + timedelta(AHEAD))


def test_a_morning_expects_what_the_evening_before_does(shop):
    """Of everybody and everything that was there on the evening before; newcomers come on top."""
    morning, evening = DayTruth(shop, DAY), Judge(shop.truth, DAY - timedelta(1))
    rows = [morning.judge.row_of[person] for person in evening.person_ids]
    columns = [morning.judge.column_of[item] for item in evening.item_ids]
    expected = evening.compute_expected_purchases(AHEAD)
    assert expected.max() > 0.1
    assert np.allclose(morning.expected[np.ix_(rows, columns)], expected)
    bought = set(Judge(shop.truth, DAY).read_truth("purchases").to_pydict()["person_id"])
    assert bought, "the control: somebody bought something, and some of it on the day itself"


def test_a_days_sessions_are_those_of_its_lines(shop):
    day = read_visitor_sessions(shop, DAY)
    assert len(day.sessions) > 5 and set(day.sessions.kind.tolist()) == {0, 1, 2}
    truth = DayTruth(shop, DAY)
    sessions = pq.read_table(shop.truth / "sessions" / f"{DAY}.parquet").to_pylist()
    persons = {row["session_id"]: row["person_id"] for row in sessions}
    found = {one.session_id: truth.find_row(one) for one in day.visitors if truth.find_row(one) is not None}
    assert found, "the others are planted cases, that nobody of the shop sits behind"
    for session_id, row in found.items():
        assert truth.judge.person_ids[row] == persons[session_id]
    assert {len(item) for item in day.item_ids} == {len("SKU-4b76996e")}


def test_the_time_of_a_line_is_corrected_for_its_clock():
    line = {
        "messageId": "m",
        "originalTimestamp": "2026-01-05T10:07:00Z",
        "sentAt": "2026-01-05T10:07:03Z",
        "receivedAt": "2026-01-05T10:00:05Z",
    }
    assert parse_line(json.dumps(line).encode()) == line
    assert find_time(line) == datetime(2026, 1, 5, 10, 0, 2, tzinfo=UTC)
    for broken in (b"[1]", b"{", b"\xff", json.dumps(line | {"sentAt": "noon"}).encode()):
        assert parse_line(broken) is None


def test_gains_are_means_over_sessions(tmp_path):
    answers = [
        Answer((1, 0), False, 1, (0.1, 0.2, 0.3, 0.4)),
        Answer((1, 0), False, 2, (0.3, 0.4, 0.5, 0.6)),
        Answer((2, 0), False, 1, (0.0, 0.3, 0.0, 0.6)),
    ]
    everybody, one_item, two_items = group_answers(answers)
    assert (everybody.name, everybody.n_sessions) == ("strangers, all", 2)
    # of the first session .2, .3, .4 and .5, of the second 0, .3, 0 and .6
    assert everybody.worth.tolist() == pytest.approx([100, 300, 200, 550])
    assert everybody.gains[:, 0].tolist() == pytest.approx([0, 200, 100, 450])
    assert (one_item.n_sessions, two_items.n_sessions) == (2, 1)
    assert str(two_items).startswith(
        "strangers, 2 items: 1 sessions; the night's list 300; steered 400 (+100.0 ["
    )
    draw_worth([everybody, one_item], LISTS, tmp_path / "worth.svg")
    assert (tmp_path / "worth.svg").read_text().count("strangers") == 2

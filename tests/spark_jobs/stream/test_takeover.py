"""A new night is taken over: who differs from what was told is asked, who is somebody else has left."""

from segments.told import Told
from spark_jobs.stream.notes import Kind
from spark_jobs.stream.takeover import take_over
from spark_jobs.stream.teller import TurnRow
from tests.spark_jobs.stream.test_teller import make_teller
from tests.spark_jobs.stream.told_twins import MemoryTold, MemoryTopics, PlainNight


def test_the_first_night_of_all_is_taken_in_silence():
    kept, topics, night = MemoryTold(), MemoryTopics(), PlainNight({"c_1": {"cart": 70}, "c_2": {}})
    assert take_over(night, kept, make_teller(topics, kept, night), now=5_000) == 0
    assert kept.told == {"c_1": {"cart": Told(True, 70)}}
    assert topics.lines == [] and kept.teller == "night-1"
    teller = make_teller(topics, kept, night)
    (told,) = teller.tell([TurnRow("c_1", "cart", False, 6_000, "time")], 99)
    assert (told.is_entered, told.since) == (False, 6_000), "its exit is told"


def test_who_differs_is_asked_and_who_is_another_has_left():
    kept = MemoryTold(
        {
            "c_as_told": {"cart": Told(True, 70)},
            "c_out": {"cart": Told(True, 70), "fan": Told(False, 80)},
            "c_gone": {"big": Told(True, 70)},
            "c_merged": {"fan": Told(True, 70)},
            "visitor": {"fan": Told(True, 90)},
            "visitor_left": {"fan": Told(False, 90)},
            "known_now": {"fan": Told(True, 95), "cart": Told(False, 96)},
        },
        touched={"night-2": {"c_busy"}},
        teller="night-1",
    )
    members = {"c_as_told": {"cart": 70}, "c_out": {}, "c_new": {"big": 900}, "c_busy": {}}
    night = PlainNight(members, {"c_merged": "c_new", "known_now": "c_new"}, tag="night-2")
    topics = MemoryTopics()
    teller = make_teller(topics, kept, night)
    assert take_over(night, kept, teller, now=5_000) == 4
    notes = topics.read_notes()
    assert sorted(note.owner for note in notes) == ["c_busy", "c_new", "c_out", "visitor"]
    assert {(note.tag, note.kind, note.received_at) for note in notes} == {("night-2", Kind.SETTLE, 5_000)}
    assert sorted((one.customer_id, one.segment_id, one.is_entered, one.reason) for one in topics.read()) == [
        ("c_gone", "big", False, "night"),
        ("c_merged", "fan", False, "merge"),
        ("known_now", "fan", False, "merge"),
    ]
    assert kept.teller == "night-2" and kept.list_touched("night-2") == []
    n_lines = len(topics.read())
    take_over(night, kept, teller, now=5_001)
    assert len(topics.read()) == n_lines, "begun again, it tells nothing twice"

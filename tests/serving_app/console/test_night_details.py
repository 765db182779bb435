"""What waits for a person after a night, and the answers of its gates."""

from datetime import UTC, datetime

import pytest

from serving_app.console.night_details import Reports, format_figure, list_checks, list_waiting
from serving_app.console.night_records import Night
from serving_app.console.night_tables import Balance

NIGHT = Night("night-1", datetime(2026, 2, 22, 3, tzinfo=UTC), datetime(2026, 2, 22, 4, tzinfo=UTC))
NOTHING = Reports({}, {}, {})


def test_nothing_waits_after_a_night_of_which_nothing_is_known():
    assert list_waiting(None, NOTHING, []) == list_waiting(NIGHT, NOTHING, []) == []


def test_a_refused_model_waits_and_an_accepted_one_does_not():
    report = {
        "verdict": "refused",
        "candidate": "concierge/6",
        "model_version": "concierge/4",
        "reason": "inferior",
    }
    (waiting,) = list_waiting(NIGHT, Reports(report, {}, {}), [])
    assert waiting.title == "The new model concierge/6 was refused"
    assert waiting.text == "inferior. concierge/4 goes on; nothing has to be done."
    assert (waiting.kind, waiting.endpoint) == ("plain", "console.get_models")
    assert list_waiting(NIGHT, Reports({**report, "verdict": "accepted"}, {}, {}), []) == []


def test_reviews_wait_until_they_are_answered():
    reviews = [
        {"decision": None, "is_held_back": True},
        {"decision": "split", "is_held_back": True},
        {"decision": None, "is_held_back": False},
    ]
    (waiting,) = list_waiting(NIGHT, NOTHING, reviews)
    assert waiting.title == "2 identity reviews" and "1 of them are held back" in waiting.text
    assert list_waiting(NIGHT, NOTHING, reviews[1:2]) == []


def test_files_drift_and_live_differences_wait():
    night = Night("n", NIGHT.started_at, NIGHT.ended_at)
    night.balances = [Balance("core_items", "shop", "catalogue", (0,) * 7, {}, ("half of it is missing",))]
    reports = Reports(
        {"drift": {"alarms": ["prices 0.4"]}}, {}, {"n_differing": 12, "by_cause": {"late": 10, "clock": 2}}
    )
    found = list_waiting(night, reports, [])
    titles = [waiting.title for waiting in found]
    assert found[1].endpoint == "console.get_models" and "train_recommender makes it" in found[1].text
    assert titles == [
        "A whole file was not believed",
        "Behaviour has drifted",
        "12 live memberships differed from the night",
    ]


@pytest.mark.parametrize(
    "lists", [{}, {"checks": None}, {"checks": "x"}, {"checks": [None, 3]}, {"checks": {"a": 1}}]
)
def test_a_report_of_another_shape_has_no_checks(lists):
    assert list_checks(lists) == []


def test_checks_are_read_with_their_figures():
    (check,) = list_checks(
        {"checks": [{"name": "churn", "value": 0.03146, "limit": "at most 0.95", "passed": True}]}
    )
    assert (check.value, check.has_passed) == ("0.03146", True)
    assert [*map(format_figure, (1234, 0.5, "x", None))] == ["1,234", "0.5", "x", "–"]

"""Why an item is not in a list, in words without the API's."""

import pytest

from serving_app.console.absence_words import WORDS, describe_obstacle
from serving_app.recommendations.why_not import BOUGHT_FOR_GOOD, CHANGES


def test_every_reason_has_words_and_none_names_a_field():
    assert {*WORDS, "bought"} == {*CHANGES}
    assert not [words for words in WORDS.values() if "=" in words or "_" in words]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            CHANGES["bought"].format(due_at="2026-03-04T05:06:07Z"),
            "They have bought it, and it is due again on 2026-03-04.",
        ),
        (BOUGHT_FOR_GOOD, "They have bought it, and it is never due again."),
    ],
)
def test_what_was_bought_says_when_it_is_due(change, sentence):
    assert describe_obstacle({"reason": "bought", "change": change}) == sentence


def test_a_reason_of_another_build_is_said_as_the_api_says_it():
    assert describe_obstacle({"reason": "new_rule", "change": "wait"}) == "new rule: wait"

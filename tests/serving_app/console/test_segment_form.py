"""The builder's form: every choice is a rule that the language understands, and says what it says."""

import pytest
import yaml

from segments.parsing.definitions import ALL_FIELDS, parse_definition
from segments.parsing.flaws import SegmentError
from serving_app.console.segment_form import (
    CHOICES,
    PickedText,
    Row,
    pick_text,
    write_definition,
    write_from_form,
)

AT_LEAST, NONE_OF = {"op": ">=", "value": 2}, {"op": "=", "value": 0}
WITHIN = {"within": "10 days"}
RULES = {
    "cart_left": {"sequence": [{"event": "cart"}, {"absent": "purchase"}], **WITHIN},
    "view": {"count": "view", **WITHIN, **AT_LEAST},
    "cart": {"count": "cart", **WITHIN, **AT_LEAST},
    "purchase": {"count": "purchase", **WITHIN, **AT_LEAST},
    "search": {"count": "search", **WITHIN, **AT_LEAST},
    "no_view": {"count": "view", **WITHIN, **NONE_OF},
    "no_purchase": {"count": "purchase", **WITHIN, **NONE_OF},
    "n_orders": {"field": "n_orders", **AT_LEAST},
    "amount_net": {"field": "amount_net", **AT_LEAST},
    "days_since_last_order": {"field": "days_since_last_order", **AT_LEAST},
}


@pytest.mark.parametrize("choice", CHOICES)
def test_a_choice_is_its_rule(choice):
    text = write_definition("Some name", "any", [Row(choice, "2", "10", "days")])
    assert parse_definition(text, "some_name.yml", ALL_FIELDS).segment_id == "some_name"
    assert yaml.safe_load(text)["members"] == {"any": [RULES[choice]]}


def test_rules_and_their_description_stand_together():
    rows = [Row("view", "3", "7", "days"), Row("", "1", "10", "days"), Row("no_purchase", "1", "24", "hours")]
    text = write_definition("Lookers", "all", rows)
    parse_definition(text, "lookers.yml", ALL_FIELDS)
    document = yaml.safe_load(text)
    assert len(document["members"]["all"]) == 2
    assert (
        document["description"]
        == "Viewed 3 products or more in the last 7 days, and bought nothing in the last 24 hours."
    )


@pytest.mark.parametrize("typed", ["x{y}", "$number", "{", "2; 3", "-1", "²", '"'])
def test_what_is_no_number_is_a_mistake_that_is_shown(typed):
    text = write_definition("Some", "all", [Row("view", typed, "10", "days")])
    assert yaml.safe_load(text)["members"]["all"][0]["value"] == typed
    with pytest.raises(SegmentError):
        parse_definition(text, "some.yml", ALL_FIELDS)


HESITANT, LOOKERS = {"name": "Hesitant", "choice-0": "cart_left"}, {"name": "Lookers", "choice-0": "view"}
WRITTEN = write_from_form(HESITANT)


@pytest.mark.parametrize(
    ("form", "text", "picked"),
    [
        (HESITANT, WRITTEN, PickedText(WRITTEN, False)),
        (LOOKERS, WRITTEN, PickedText(write_from_form(LOOKERS), False)),
        (HESITANT, "by hand\n", PickedText("by hand\n", False)),
        (LOOKERS, "by hand\n", PickedText("by hand\n", True)),
        (LOOKERS, write_from_form(LOOKERS), PickedText(write_from_form(LOOKERS), False)),
    ],
)
def test_what_was_changed_since_the_text_was_written_counts(form, text, picked):
    sent = form | {name: one.replace("\n", "\r\n") for name, one in (("text", text), ("written", WRITTEN))}
    assert pick_text(sent) == picked


def test_a_page_without_the_form_has_its_text_alone():
    assert pick_text({"text": "by hand"}) == PickedText("by hand", False)

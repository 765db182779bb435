"""Why an item is not in a customer's list, in words for who runs a shop: the API's speak of its fields."""

import re
from collections.abc import Mapping
from typing import Any

WORDS = {
    "excluded": "The page asked for a list without it.",
    "page_item": "The list is about it, so it is in no place of it.",
    "unknown_item": "The catalogue does not have it.",
    "discontinued": "The catalogue no longer has it.",
    "not_recommendable": "The catalogue says that it is not to be recommended.",
    "out_of_stock": "It is out of stock.",
    "restricted": "A restriction keeps it out of all lists.",
    "region": "It is not sold where the customer is, or nobody knows where that is.",
    "age": "It is sold from an age on that the customer has not, or nobody knows theirs.",
    "filtered": "The placement's filter leaves it out.",
    "shown_before": "An earlier page of the list has it.",
    "in_cart": "It is in their cart.",
    "blocked": "An override blocks it; end that to let it in.",
    "lower_rung": "Only lists that fill theirs up have it, and this placement is not filled up.",
    "cap": "The list has as many of its category as it may.",
    "below_end": "It stands behind the end of the list.",
    "not_offered": "No list offers it to them; a pin would put it there.",
}


def describe_obstacle(obstacle: Mapping[str, Any]) -> str:
    """What keeps an item out, as a sentence; of a reason without words here, what the API says."""
    reason, change = obstacle["reason"], obstacle["change"]
    if reason == "bought":
        due = re.search(r"\d{4}-\d\d-\d\d", change)
        return f"They have bought it, and it is {f'due again on {due[0]}' if due else 'never due again'}."
    return WORDS.get(reason) or f"{reason.replace('_', ' ')}: {change}"

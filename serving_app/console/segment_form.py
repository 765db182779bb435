"""The common rules as a form: what somebody chose into the text of a definition."""

import json
import re
from collections.abc import Mapping
from string import Template
from typing import NamedTuple

N_ROWS = 3
UNITS = ("minutes", "hours", "days")
JOINS = (("all", "all of these are true"), ("any", "one of these is true"))


class Choice(NamedTuple):
    """A common rule.

    Attributes:
        label: as the form names it.
        rule: the language's, with `$number` and `$window` in it.
        words: as a description says it.
    """

    label: str
    rule: str
    words: str


AT_LEAST = '{count: %s, within: $window, op: ">=", value: $number}'
NONE_OF = '{count: %s, within: $window, op: "=", value: 0}'
FIELD = '{field: %s, op: ">=", value: $number}'
CHOICES = {
    "cart_left": Choice(
        "Put something into the cart and bought nothing since",
        "{sequence: [{event: cart}, {absent: purchase}], within: $window}",
        "put something into the cart in the last {window} and bought nothing since",
    ),
    "view": Choice(
        "Viewed products",
        AT_LEAST % "view",
        "viewed {number} products or more in the last {window}",
    ),
    "cart": Choice(
        "Put products into the cart",
        AT_LEAST % "cart",
        "put {number} products or more into the cart in the last {window}",
    ),
    "purchase": Choice(
        "Bought products",
        AT_LEAST % "purchase",
        "bought {number} products or more in the last {window}",
    ),
    "search": Choice("Searched", AT_LEAST % "search", "searched {number} times or more in the last {window}"),
    "no_view": Choice("Viewed nothing", NONE_OF % "view", "viewed nothing in the last {window}"),
    "no_purchase": Choice("Bought nothing", NONE_OF % "purchase", "bought nothing in the last {window}"),
    "n_orders": Choice(
        "Has ordered at least so often, ever", FIELD % "n_orders", "ordered {number} times or more"
    ),
    "amount_net": Choice("Has spent at least so much, ever", FIELD % "amount_net", "spent {number} or more"),
    "days_since_last_order": Choice(
        "Ordered last at least so many days ago",
        FIELD % "days_since_last_order",
        "ordered last {number} days ago or more",
    ),
}


class Row(NamedTuple):
    """A line of the form as it was filled in."""

    choice: str
    number: str
    length: str
    unit: str

    @property
    def window(self) -> str:
        """How long it looks back, as the language writes it; what was typed, where that is no number."""
        return f"{self.length.strip() or '10'} {self.unit if self.unit in UNITS else UNITS[0]}"


def read_rows(form: Mapping[str, str]) -> list[Row]:
    """The lines of a form that was sent; of one that was not, as it begins."""
    return [
        Row(
            form.get(f"choice-{n}", "" if n else "cart_left"),
            form.get(f"number-{n}", "1"),
            form.get(f"length-{n}", "10"),
            form.get(f"unit-{n}", UNITS[0]),
        )
        for n in range(N_ROWS)
    ]


def write_definition(name: str, join: str, rows: list[Row]) -> str:
    """The text of a definition. What is no number stands in it as it was typed, to be shown as a mistake."""
    chosen = [row for row in rows if row.choice in CHOICES]
    lines = [
        f"segment_id: {make_segment_id(name)}",
        f"name: {quote(name.strip() or 'New segment')}",
        "kind: rule",
        f"description: {quote(describe(join, chosen))}",
        "members:",
        f"  {join if join in dict(JOINS) else 'all'}:",
        *(f"    - {write_rule(row)}" for row in chosen),
    ]
    return "\n".join(lines) + "\n"


class PickedText(NamedTuple):
    """The text that counts of the builder's page.

    Attributes:
        is_disputed: whether form and text were both changed, each its own way; `text` is the one by hand.
    """

    text: str
    is_disputed: bool


def write_from_form(form: Mapping[str, str]) -> str:
    """The text of what the form says."""
    return write_definition(form.get("name", ""), form.get("join", "all"), read_rows(form))


def pick_text(form: Mapping[str, str]) -> PickedText:
    """Of the builder's form and its text the one that was changed since the text was written from the form.
    Browsers end lines their own way; a page without a form sends no `written`.
    """
    text, written = (form.get(name, "").replace("\r\n", "\n") for name in ("text", "written"))
    by_form = write_from_form(form)
    if not written or by_form in (text, written):
        return PickedText(text, False)
    is_by_hand = text != written
    return PickedText(text if is_by_hand else by_form, is_by_hand)


def write_rule(row: Row) -> str:
    """A line of the form as a rule of the language."""
    number = row.number.strip() or "1"
    is_number = re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,4})?", number)
    rule = Template(CHOICES[row.choice].rule)
    return rule.substitute(number=number if is_number else quote(number), window=row.window)


def describe(join: str, rows: list[Row]) -> str:
    """Who is in it, in a sentence."""
    words = [
        CHOICES[row.choice].words.format(number=row.number.strip() or "1", window=row.window) for row in rows
    ]
    text = (" or " if join == "any" else ", and ").join(words)
    return f"{text[:1].upper()}{text[1:]}." if text else "Say who is in it."


def make_segment_id(name: str) -> str:
    """An id made of a name: small letters, digits, underscores."""
    words = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:60].strip("_")
    return words if words[:1].isalpha() else f"segment_{words}".strip("_")


def quote(text: str) -> str:
    """A text in quotes, as YAML reads it."""
    return json.dumps(" ".join(text.split()), ensure_ascii=False)

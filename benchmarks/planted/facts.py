"""What is right of planted records, and of everybody's last word on consent, against what a home made of
them.

A check returns whether the home has it right. Those of `LAKE` need no more than ingest and identify; those of
`PUBLISHED` a whole night: the warehouse and the lists.
"""

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.planted.home import Home
from benchmarks.planted.score import PlantScore

Check = Callable[[Home, str, dict[str, Any]], bool]


def read_truth(folder: Path, subject: str, last: date) -> Iterator[dict[str, Any]]:
    """The rows of a subject, day by day up to the last, each with its `day`."""
    for path in sorted((folder / subject).glob("*.parquet")):
        if path.stem <= last.isoformat():
            yield from (row | {"day": path.stem} for row in pq.read_table(path).to_pylist())


def check_order_lines(home: Home, key: str, facts: dict[str, Any]) -> bool:
    return sorted(row["quantity"] for row in home.order_lines.get(key, [])) == facts["quantities"]


def check_person_exists(home: Home, key: str, facts: dict[str, Any]) -> bool:
    return (key in home.people) is facts["exists"]


def check_order_email(home: Home, key: str, facts: dict[str, Any]) -> bool:
    """The order's e-mail is the card's, however its accents are written."""
    card = home.people[facts["card"]]["email_identifier_id"]
    return card is not None and {row["email_identifier_id"] for row in home.order_lines[key]} == {card}


def check_one_phone(home: Home, key: str, facts: dict[str, Any]) -> bool:
    """All cards have one phone."""
    phones = {home.people[card]["phone_identifier_id"] for card in (key, *facts["cards"])}
    return len(phones) == 1 and None not in phones


def check_own_browser(home: Home, key: str, _facts: dict[str, Any]) -> bool:
    return is_only_identifier(home, home.identifier("anonymous_id", key))


def check_own_user(home: Home, key: str, _facts: dict[str, Any]) -> bool:
    return is_only_identifier(home, home.identifier("user_id", key))


def is_only_identifier(home: Home, identifier: str) -> bool:
    """Whether an identifier has a customer who has no other."""
    return home.held_by.get(home.owner.get(identifier, ""), set()) == {identifier}


def check_item_ended(home: Home, key: str, facts: dict[str, Any]) -> bool:
    """What vanished from the catalogue is known and not recommendable, and the rest is."""
    return home.items[key]["is_recommendable"] is not facts["is_ended"]


def check_person_ended(home: Home, key: str, facts: dict[str, Any]) -> bool:
    """Who vanished from the customer file keeps no value there, and the rest do."""
    return (home.people[key]["email"] is None) is facts["is_ended"]


def check_item_not_shown(home: Home, key: str, facts: dict[str, Any]) -> bool:
    return not facts["is_ended"] or key not in home.shown


def check_no_personal_list(home: Home, _key: str, facts: dict[str, Any]) -> bool:
    return (home.owner.get(home.identifier("user_id", facts["user_id"])) in home.lists) is not facts[
        "is_ended"
    ]


def check_consent(home: Home, key: str, facts: dict[str, Any]) -> bool:
    """Who has a list of their own is who may be personalised for."""
    return (home.owner.get(home.identifier("user_id", key)) in home.lists) is facts["personalization"]


def check_order(home: Home, key: str, facts: dict[str, Any]) -> bool:
    """The order is its first line's customer's, its amount that of the lines in its first line's currency."""
    row = home.orders[key]
    customer = home.owner[home.identifier("user_id", facts["user_id"])]
    order_fields = row["customer_id"], row["currency"], row["amount"]
    return (
        order_fields == (customer, facts["currency"], Decimal(facts["amount"]))
        and len(home.order_lines[key]) == facts["n_lines"]
    )


LAKE: dict[str, tuple[str, Check]] = {
    "lines of odd exports": ("order_lines", check_order_lines),
    "people of odd exports": ("person_exists", check_person_exists),
    "e-mail in two forms": ("order_email", check_order_email),
    "phone in three spellings": ("one_phone", check_one_phone),
    "template as user id": ("own_browser", check_own_browser),
    "template as anonymous id": ("own_user", check_own_user),
    "item out of the catalogue": ("item_ended", check_item_ended),
    "person out of the file": ("person_ended", check_person_ended),
}
PUBLISHED: dict[str, tuple[str, Check]] = {
    "ended item in no list": ("item_ended", check_item_not_shown),
    "ended person without a list": ("person_ended", check_no_personal_list),
    "consent by events and cards": ("consent", check_consent),
    "orders of two currencies or people": ("order", check_order),
}


def select_facts_in_force(folder: Path, last: date) -> dict[tuple[str, str], dict[str, Any]]:
    """The facts of each kind and key on the evening of the last day: the newest row counts."""
    return {(row["kind"], row["key"]): json.loads(row["facts"]) for row in read_truth(folder, "facts", last)}


def judge_facts(
    home: Home, folder: Path, last: date, checks: dict[str, tuple[str, Check]]
) -> list[PlantScore]:
    """Each kind of fact as it stands on the evening of the last day: the newest row of a key counts."""
    newest = select_facts_in_force(folder, last)
    scores = []
    for name, (kind, check) in checks.items():
        of_kind = {key: facts for (its_kind, key), facts in newest.items() if its_kind == kind}
        wrong = [
            f"{key} {facts}" for key, facts in of_kind.items() if not is_fact_true(check, home, key, facts)
        ]
        scores.append(PlantScore(name, len(of_kind), len(of_kind) - len(wrong), len(wrong), tuple(wrong)))
    return scores


def is_fact_true(check: Check, home: Home, key: str, facts: dict[str, Any]) -> bool:
    """Whether a check holds; what a home does not know of is wrong."""
    try:
        return check(home, key, facts)
    except KeyError:
        return False


def read_newest_consents(
    home: Home, folder: Path, last: date, purpose: str = "personalization"
) -> dict[str, bool]:
    """Customer → their last word, by all that was said under their identifiers; who said nothing is not in
    it.
    """
    newest: dict[str, tuple[datetime, bool]] = {}
    for row in read_truth(folder, "words", last):
        customer = home.owner.get(home.identifier(row["kind"], row["value"]))
        if row["purpose"] == purpose and customer:
            word = (row["said_at"], not row["is_granted"])
            newest[customer] = max(newest.get(customer, word), word)
    return {customer: not is_no for customer, (_, is_no) in newest.items()}


def judge_consents_of_all(home: Home, folder: Path, last: date) -> list[PlantScore]:
    """Nobody whose last word is a no has a list of their own, and nobody whose last word is a yes is taken
    to have denied.
    """
    words, facts = read_newest_consents(home, folder, last), select_facts_in_force(folder, last)
    for (
        kind,
        _,
    ), fact in facts.items():  # whom the shop has taken out of its file is not asked any more: a no
        if kind == "person_ended" and fact["is_ended"]:
            words[home.owner[home.identifier("user_id", fact["user_id"])]] = False
    scores = []
    for name, is_yes, against in (
        ("no: without a list", False, home.lists),
        ("yes: not denied", True, home.denied),
    ):
        customers = [customer for customer, is_granted in words.items() if is_granted is is_yes]
        wrong = tuple(customer for customer in customers if customer in against)
        scores.append(
            PlantScore(f"last word {name}", len(customers), len(customers) - len(wrong), len(wrong), wrong)
        )
    return scores


def judge_evening_orders(home: Home, folder: Path, last: date) -> list[PlantScore]:
    """Orders that read tomorrow in UTC stand under the day on the shop's wall."""
    days = {row["order_id"]: row["day"] for row in read_truth(folder, "purchases", last)}
    late = {
        key: row
        for key, row in home.orders.items()
        if key in days and f"{row['ordered_at']:%Y-%m-%d}" > days[key]
    }
    wrong = [
        f"{key} under {row['ordered_date']}"
        for key, row in late.items()
        if f"{row['ordered_date']}" != days[key]
    ]
    return [
        PlantScore(
            "evening orders under their day", len(late), len(late) - len(wrong), len(wrong), tuple(wrong)
        )
    ]

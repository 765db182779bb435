"""Rows of people of whom sources say different things, and by hand what wins under two policies.

Ann has three records, an order and an event; Bob one record and an event that agree, and a return of twelve
lines; Cat is a browser. A till knows Dan by his card and typed what the rules of identity block for the rest;
an older record has his real e-mail and phone.
"""

from datetime import UTC, date, datetime
from decimal import Decimal


def at(day: int) -> datetime:
    return datetime(2026, 1, day, 12, tzinfo=UTC)


def record(source: str, record_id: str, created: int, updated: int, country: str, **said) -> dict:
    said = {"user_identifier_id": "i_ann"} | said
    return {
        "source": source,
        "record_id": record_id,
        "country": country,
        "created_at": at(created),
        "updated_at": at(updated),
        **said,
    }


def event(event_id: str, who: str, day: int, country: str) -> dict:
    when = {
        "occurred_at": at(day),
        "occurred_date": date(2026, 1, day),
        "event_type": "view",
        "item_id": "tea",
    }
    return {
        "event_id": event_id,
        "source": "sample_shop",
        "anonymous_identifier_id": who,
        "country": country,
        **when,
    }


PEOPLE = [
    record(
        "online_retail",
        "C1",
        1,
        5,
        "Spain",
        first_name="Ann",
        last_name="Oak-Ash",
        email="Ann@X.example ",
        email_identifier_id="i_mail",
        phone="+49 30 1",
        phone_identifier_id="i_phone",
        address_line="Hill 2",
        city="Bonn",
        birth_date=date(1980, 1, 2),
    ),
    record(
        "sample_shop",
        "S1",
        2,
        9,
        "Chad",
        first_name="Anna Maria",
        last_name="Oak",
        email="ann@x.example",
        email_identifier_id="i_mail",
        phone=" ",
        city="Rome",
        postcode="00100",
        birth_date=date(1980, 2, 1),
    ),
    record(
        "sample_shop",
        "S2",
        3,
        4,
        "Spain",
        first_name="ANN",
        last_name="Ash",
        email="a.ash@x.example",
        email_identifier_id="i_mail2",
        phone="0301",
        phone_identifier_id="i_phone2",
        address_line="Dell 1",
        city="Ulm",
        postcode="89073",
        birth_date=date(1980, 1, 2),
    ),
    record("sample_shop", "S3", 1, 1, "Spain", user_identifier_id="i_bob", first_name="Bob"),
    record(
        "sample_shop",
        "D1",
        2,
        8,
        "Cuba",
        user_identifier_id="i_guest",
        crm_identifier_id="i_card",
        first_name="Dan",
        email="guest@till.example",
        email_identifier_id="i_till_mail",
        phone="000000",
        phone_identifier_id="i_zeros",
    ),
    record(
        "sample_shop",
        "D2",
        3,
        3,
        "Cuba",
        user_identifier_id=None,
        email="dan@x.example",
        email_identifier_id="i_mail3",
        phone="+49 30 7",
        phone_identifier_id="i_phone3",
    ),
]
EVENTS = [
    event("e1", "i_web", 10, "Cuba"),
    event("e2", "i_cat", 6, "Spain"),
    event("e3", "i_cat", 8, "Spain"),
    event("e4", "i_cat", 9, "Malta"),
    event("e5", "i_bob", 2, " spain"),
]
ORDER = {
    "source": "sample_shop",
    "order_id": "o1",
    "line_no": 1,
    "line_type": "sale",
    "ordered_at": at(3),
    "ordered_date": date(2026, 1, 3),
    "item_id": "tea",
    "quantity": 1,
    "unit_price": Decimal(4),
    "amount": Decimal(4),
    "currency": "EUR",
    "user_identifier_id": "i_ann",
    "country": "Malta",
}
RETURN = {
    **ORDER,
    "order_id": "b1",
    "line_type": "return",
    "ordered_at": at(6),
    "ordered_date": date(2026, 1, 6),
    "quantity": -1,
    "amount": Decimal(-4),
    "user_identifier_id": "i_bob",
    "country": "Chad",
}
LINES = [ORDER, *({**RETURN, "line_no": n} for n in range(1, 13))]
OWNERS = {
    "i_ann": "ann",
    "i_web": "ann",
    "i_mail": "ann",
    "i_mail2": "ann",
    "i_phone": "ann",
    "i_phone2": "ann",
    "i_bob": "bob",
    "i_cat": "cat",
    "i_card": "dan",
    "i_mail3": "dan",
    "i_phone3": "dan",
}

# (customer, field): value, evidence, day said, different values, how many say anything, how many say this
SHIPPED = {
    ("ann", "first_name"): ("Anna Maria", "core_people/sample_shop/S1", 9, 2, 3, 1),
    ("ann", "last_name"): ("Oak", "core_people/sample_shop/S1", 9, 3, 3, 1),
    ("ann", "email"): ("ann@x.example", "core_people/sample_shop/S1", 9, 2, 3, 2),
    ("ann", "phone"): ("+49 30 1", "core_people/online_retail/C1", 5, 2, 2, 1),
    ("ann", "address_line"): ("Hill 2", "core_people/online_retail/C1", 5, 2, 2, 1),
    ("ann", "city"): ("Bonn", "core_people/online_retail/C1", 5, 3, 3, 1),
    ("ann", "postcode"): (None, None, None, 2, 2, 0),
    ("ann", "birth_date"): ("1980-01-02", "core_people/online_retail/C1", 5, 2, 3, 2),
    ("ann", "country"): ("Malta", "core_order_lines/sample_shop/o1", 3, 4, 5, 1),
    ("bob", "first_name"): ("Bob", "core_people/sample_shop/S3", 1, 1, 1, 1),
    ("bob", "country"): ("Spain", "core_people/sample_shop/S3", 1, 2, 3, 2),
    ("cat", "country"): ("Malta", "core_events/e4", 9, 2, 3, 1),
    ("dan", "first_name"): ("Dan", "core_people/sample_shop/D1", 8, 1, 1, 1),
    ("dan", "email"): ("dan@x.example", "core_people/sample_shop/D2", 3, 1, 1, 1),
    ("dan", "phone"): ("+49 30 7", "core_people/sample_shop/D2", 3, 1, 1, 1),
    ("dan", "country"): ("Cuba", "core_people/sample_shop/D1", 8, 1, 2, 2),
}
BY_OTHER = SHIPPED | {
    ("ann", "first_name"): ("Ann", "core_people/online_retail/C1", 5, 2, 3, 2),
    ("ann", "last_name"): ("Oak-Ash", "core_people/online_retail/C1", 5, 3, 3, 1),
    ("ann", "email"): ("Ann@X.example ", "core_people/online_retail/C1", 5, 2, 3, 2),
    ("ann", "phone"): ("0301", "core_people/sample_shop/S2", 4, 2, 2, 1),
    ("ann", "address_line"): ("Dell 1", "core_people/sample_shop/S2", 4, 2, 2, 1),
    ("ann", "city"): ("Ulm", "core_people/sample_shop/S2", 4, 3, 3, 1),
    ("ann", "postcode"): ("89073", "core_people/sample_shop/S2", 4, 2, 2, 1),
    ("ann", "birth_date"): ("1980-02-01", "core_people/sample_shop/S1", 9, 2, 3, 1),
    ("ann", "country"): ("Spain", "core_people/online_retail/C1", 5, 4, 5, 2),
    ("bob", "country"): (" spain", "core_events/e5", 2, 2, 3, 2),
    ("cat", "country"): ("Spain", "core_events/e3", 8, 2, 3, 2),
}

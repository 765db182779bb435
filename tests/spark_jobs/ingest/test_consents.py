"""Every word of consent is heard, wherever it stands and however the record around it fares;
doubt is a no.
"""

import json
from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.contracts.consent import parse_consent
from expectations.contracts.text import normalise_text
from spark_jobs.ingest.consents import derive_consents, is_granted, is_unreadable
from spark_jobs.ingest.sources import sample_shop

# of the landing day; its end in the shop
NOON, MIDNIGHT = (
    datetime(2026, 1, 5, 12, tzinfo=UTC),
    datetime(2026, 1, 6, 4, tzinfo=UTC),
)
EVENT = {
    "type": "track",
    "event": "Product Viewed",
    "messageId": "m",
    "userId": "u",
    "timestamp": "2026-01-05T12:00:00Z",
    "properties": json.dumps({"product_id": "i1"}),
}
CARD = {"crm_id": "c1", "email": "ann@example.org", "updated_at": "2026-01-05T12:00:00Z"}
WORDS = (
    "",
    " ",
    "true",
    "Yes ",
    "GRANTED",
    "1",
    "false",
    "FALSE\t",
    "no",
    "denied",
    "0",
    "{}",
    "[true]",
    "null",
    "ｙｅｓ",
    "yes\u200b",
)


def says(**preferences) -> dict:
    return {"context": json.dumps({"consent": {"categoryPreferences": preferences}}, separators=(",", ":"))}


def personalization(typed) -> list[tuple]:
    """Of each record: whether it was refused, its word on personalization and since when, and what is
    doubted.
    """
    rows = typed.orderBy("source_line").select("reason", "_consents", "_doubt").collect()
    return [
        (
            row["reason"],
            next(
                (
                    (w.is_granted, w.consented_at.replace(tzinfo=UTC))
                    for w in row["_consents"]
                    if w.purpose == "personalization"
                ),
                None,
            ),
            row["_doubt"],
        )
        for row in rows
    ]


@settings(max_examples=2)
@given(st.lists(st.text() | st.sampled_from(WORDS), min_size=150, max_size=150))
def test_ingest_reads_a_word_as_the_contract_does(spark, texts):
    texts = [normalise_text(text) for text in (*WORDS, *texts)]  # as the reader leaves them
    frame = spark.createDataFrame([(text,) for text in texts], "word string")
    found = frame.select("word", is_granted(frame.word), is_unreadable(frame.word)).collect()
    assert [(granted, not unreadable) for _, granted, unreadable in found] == [
        tuple(parse_consent(word)) for word, *_ in found
    ]


def test_words_of_events(typed_by):
    doubt = "consent, taken as a no: personalization"
    both = "consent, taken as a no: analytics, personalization"
    cases = [
        (says(personalization=True), (None, (True, NOON), None)),
        (says(personalization=False), (None, (False, NOON), None)),
        (says(personalization="granted"), (None, (True, NOON), None)),
        (says(personalization="denied"), (None, (False, NOON), doubt)),
        (says(personalization=0), (None, (False, NOON), doubt)),
        (says(personalization={"value": True}), (None, (False, NOON), doubt)),
        (says(personalization=[True]), (None, (False, NOON), doubt)),
        (says(personalization=None), (None, None, None)),
        (says(Personalization=False), (None, (False, NOON), None)),
        (says(PERSONALIZATION=False, personalization=True), (None, (False, NOON), None)),
        (says(personalization=None, Personalization=True), (None, (True, NOON), None)),
        (says(), (None, None, None)),
        ({}, (None, None, None)),
        ({"context": '{"consent":"denied"}'}, (None, (False, NOON), both)),
        ({"context": '{"consent":{"categoryPreferences":false}}'}, (None, (False, NOON), both)),
        (
            {"context": '{"consent":{"categoryPreferences":"{\\"personalization\\":false}"}}'},
            (None, (False, NOON), both),
        ),
        ({"context": '{"consent":[]}'}, (None, None, None)),
        # Refused for another field's sake: its no is heard, its yes is not.
        (says(personalization=False) | {"event": "Lottery"}, ("unknown_type", (False, NOON), None)),
        (says(personalization="no") | {"properties": "{}"}, ("missing_field", (False, NOON), doubt)),
        # A clock set to 2099, or never set: a no counts from the end of the day it landed on, a yes does not
        # count.
        (
            says(personalization=False) | {"timestamp": "2099-01-01T00:00:00Z"},
            ("bad_time", (False, MIDNIGHT), None),
        ),
        (says(personalization=True) | {"timestamp": "2099-01-01T00:00:00Z"}, ("bad_time", None, None)),
        (says(personalization=False) | {"timestamp": "yesterday"}, ("bad_time", (False, MIDNIGHT), None)),
        (
            says(personalization=False) | {"timestamp": "1970-01-01T00:00:00Z"},
            ("bad_time", (False, MIDNIGHT), None),
        ),
    ]
    assert personalization(typed_by(sample_shop.SOURCE, "events", [EVENT | more for more, _ in cases])) == [
        e for _, e in cases
    ]


def test_words_of_person_records(typed_by):
    doubt = "consent, taken as a no: personalization"
    cases = [
        ({"personalization_consent": "true"}, (None, (True, NOON), None)),
        ({"personalization_consent": ""}, (None, None, None)),
        ({"personalization_consent": "N"}, (None, (False, NOON), doubt)),
        ({"personalization_consent": "maybe"}, (None, (False, NOON), doubt)),
        ({"personalization_consent": "false", "birth_date": "31.02.1980"}, ("bad_time", (False, NOON), None)),
        (
            {"personalization_consent": "maybe", "birth_date": "31.02.1980"},
            ("bad_time", (False, NOON), doubt),
        ),
        (
            {"personalization_consent": "false", "updated_at": "2099-01-01T00:00:00Z"},
            ("bad_time", (False, MIDNIGHT), None),
        ),
    ]
    assert personalization(typed_by(sample_shop.SOURCE, "people", [CARD | more for more, _ in cases])) == [
        e for _, e in cases
    ]


def test_a_day_keeps_its_newest_yes_and_its_newest_no(typed_by):
    """And of refused records the nos alone; records whose person cannot be read say nothing of anybody."""
    at = "2026-01-05T{}:00:00Z".format
    records = [
        EVENT | says(personalization=True) | {"timestamp": at("08")},
        EVENT | says(personalization=True) | {"timestamp": at("11")},
        EVENT | says(personalization=False) | {"timestamp": at("09")},
        EVENT | says(personalization=True) | {"timestamp": at("13"), "event": "Lottery"},
        EVENT | says(personalization=False) | {"timestamp": at("07"), "event": "Lottery"},
        EVENT | says(personalization=False) | {"timestamp": at("14"), "userId": ""},
    ]
    frame = derive_consents(
        typed_by(sample_shop.SOURCE, "events", records), None, "events", ("user_identifier_id",)
    )
    found = sorted(
        (row["is_granted"], row["consented_at"].hour, row["first_received"][-1]) for row in frame.collect()
    )
    assert found == [(False, 9, "3"), (True, 11, "2")]
    assert {(row["feed"], row["source"], row["consented_date"]) for row in frame.collect()} == {
        ("events", "sample_shop", date(2026, 1, 5))
    }


def test_the_event_says_what_its_word_was_taken_for(typed_by):
    words = [(True, "denied"), ("denied", None), (None, "granted")]
    events = [EVENT | says(personalization=one, analytics=other) for one, other in words]
    columns = ("has_personalization_consent", "has_analytics_consent")
    rows = (
        typed_by(sample_shop.SOURCE, "events", events)
        .orderBy("source_line")
        .select("source_line", *columns)
        .collect()
    )
    assert [tuple(row)[1:] for row in rows] == [(True, False), (False, None), (None, True)]

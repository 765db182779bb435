"""Ids from a file to the lake: the same as the service asks for, refused where they are none, and so each
time they are read.
"""

import time

from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from expectations.contracts.identifiers import hash_identifier, normalise_identifier
from expectations.contracts.ids import parse_id
from spark_jobs.ingest.parse_values import trim_white_space
from spark_jobs.ingest.read_files import read_raw_table
from spark_jobs.ingest.sources import sample_shop
from spark_jobs.sources.declaration import SourceContext
from tests.spark_jobs.ingest.conftest import KEY
from tests.spark_jobs.ingest.received_records import ORDER

EVENT = {"type": "page", "anonymousId": "a", "timestamp": "2026-01-05T12:00:00Z"}
EVENTS = "sample_shop/events/2026-01-05/events.jsonl.gz"
COMPOSED, APART = "jos\u00e9@shop.example", "jose\u0301@shop.example"


def texts(n: int) -> list[str]:
    """Texts of all planes, the same each time."""
    found: list[str] = []

    @given(
        st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=12)
    )
    @settings(max_examples=n)
    def gather(text):
        found.append(text)

    gather()
    return [
        *dict.fromkeys(found),
        COMPOSED,
        APART,
        "T\u0308@x.de",
        "\u1e97@x.de",
        "85123a",
        "/lab/lead",
        "x" * 513,
    ]


def test_spark_and_the_service_know_one_identifier_by_one_id(typed_by):
    values = texts(300)
    orders = [ORDER | {"user_id": text, "email": text, "item_id": text, "order_id": text} for text in values]
    columns = ("reason", "item_id", "order_id", "user_identifier_id", "email_identifier_id")
    rows = typed_by(sample_shop.SOURCE, "orders", orders).orderBy("source_line").select(*columns).collect()
    n_accepted = 0
    for text, row in zip(values, rows, strict=True):
        item, order = parse_id(text, "item_id"), parse_id(text, "order_id")
        assert (row["item_id"], row["order_id"]) == (item.value, order.value)
        assert (row["reason"] is None) == (item.value is not None and order.value is not None)
        for kind in ("user_id", "email"):
            known = parse_id(text, kind).value
            wanted = known and hash_identifier(KEY, kind, "sample_shop", text)
            assert row[f"{kind.removesuffix('_id')}_identifier_id"] == wanted
        n_accepted += row["reason"] is None
    assert n_accepted > 50


def test_a_phone_has_the_id_that_the_service_asks_for(typed_by):
    phones = {
        "0044 20 7946 0018": "+442079460018",
        "020 7946 0018": "+442079460018",
        "+44 (0)20 7946\u00a00018": "+442079460018",
        "ext. 12345": "12345",
        "call me": None,
    }
    cards = [
        {"crm_id": f"c{n}", "phone": said, "country": "UK", "updated_at": "2026-01-05T12:00:00Z"}
        for n, said in enumerate(phones)
    ]
    rows = (
        typed_by(sample_shop.SOURCE, "people", cards)
        .orderBy("source_line")
        .select("phone_identifier_id", "country")
        .collect()
    )
    assert [row["phone_identifier_id"] for row in rows] == [
        known and hash_identifier(KEY, "phone", "", known) for known in phones.values()
    ]
    assert {row["country"] for row in rows} == {"GB"}
    assert normalise_identifier("phone", "ext. 12345") == "12345"


def test_a_browser_is_no_other_for_what_its_login_sends(home, as_json_lines, zipped):
    """Fifteen browsers with `userId: true` were one customer. A re-reading of what was received judges as the
    first one did.
    """
    shop = home("sample_shop")
    sent = [EVENT | {"messageId": f"m{n}", "anonymousId": f"a{n}"} for n in range(3)]
    wrong = [True, 1.5, {"id": 7}, ["u"], "x" * 513, "a\u0000b"]
    sent += [
        EVENT | {"messageId": f"w{n}", "anonymousId": "a0", "userId": value} for n, value in enumerate(wrong)
    ]
    sent += [EVENT | {"messageId": value} for value in (7, False, "{{message.id}}", "undefined")]
    sent += [
        EVENT | {"messageId": "bom", "userId": "\ufeffu\u200b1"},
        EVENT | {"messageId": "number", "userId": 12},
    ]
    sent += [EVENT | {"messageId": "text", "userId": "1.5"}]
    shop.land(EVENTS, zipped(as_json_lines(sent)))
    shop.night("2026-01-05")
    first = shop.core()
    # the last as their browser's
    kept = [
        "7",
        "bom",
        "m0",
        "m1",
        "m2",
        "number",
        "text",
        *(f"w{n}" for n in range(len(wrong))),
    ]
    assert [row["event_id"] for row in first["core_events"]] == kept
    known = sorted((row["kind"], row["value_normalised"]) for row in first["core_identifiers"])
    assert known == [("anonymous_id", name) for name in ("a", "a0", "a1", "a2")] + [
        ("user_id", name) for name in ("1.5", "12", "u1")
    ]
    refused = shop.rows("quarantine")
    assert [row["reason"] for row in refused] == ["bad_id"] * 9
    assert sorted(row["detail"] for row in refused) == [
        "messageId is an unfilled template or a word for nothing",
        "messageId is an unfilled template or a word for nothing",
        "messageId is neither a string nor a whole number",
        "userId has more than 512 characters",
        "userId holds a character that cannot be printed",
        *["userId is neither a string nor a whole number"] * 4,
    ]

    source, feed = sample_shop.SOURCE, sample_shop.SOURCE.find_feed("events")
    raw = shop.lake.read(source.raw_table(feed))
    again = (
        feed.transform(read_raw_table(raw, feed), SourceContext(source.name, source.time_zone, KEY))
        .where("reason is null")
        .collect()
    )
    assert sorted(row["event_id"] for row in again) == kept
    assert {row["user_identifier_id"] for row in again} == {
        row["user_identifier_id"] for row in first["core_events"]
    }


def test_files_put_together_make_no_other_order(home, as_csv):
    """A byte-order mark where one file's end met the next one's beginning made another order id, and one more
    order.
    """
    shop, columns = home("sample_shop"), sample_shop.ORDER_COLUMNS
    blank = dict.fromkeys(columns, "")
    one, two = (blank | ORDER | {"line_no": n} for n in "12")
    content = as_csv(columns, [one]) + b"\xef\xbb\xbf" + as_csv(columns, [two]).split(b"\n", 1)[1]
    shop.land("sample_shop/orders/2026-01-05/orders.csv", content)
    shop.night("2026-01-05")
    assert [(row["order_id"], row["line_no"]) for row in shop.rows("core_order_lines")] == [
        ("o1", 1),
        ("o1", 2),
    ]
    raw = (
        shop.lake.read(sample_shop.SOURCE.raw_table(sample_shop.SOURCE.find_feed("orders")))
        .orderBy("source_line")
        .collect()
    )
    assert [row["order_id"] for row in raw] == ["o1", "\ufeffo1"], "the raw table keeps what was received"


def test_white_space_is_cut_in_proportion_to_the_length(spark):
    """With the pattern of before (the last function), one description of 40,000 blanks took a night from 1.6
    to 65 seconds.
    """

    def seconds(function, n):
        frame, took = spark.createDataFrame([(f"x{' ' * n}x",)], "said string"), []
        for _ in range(2):
            began = time.perf_counter()
            frame.select(F.length(function(F.col("said")))).collect()
            took.append(time.perf_counter() - began)
        return min(took)

    def edges(said):
        return F.regexp_replace(said, r"(?U)^[\s\x1c-\x1f]+|[\s\x1c-\x1f]+$", "")

    assert seconds(trim_white_space, 80_000) <= 3 * seconds(trim_white_space, 40_000)
    assert seconds(edges, 12_000) > 3 * seconds(edges, 3_000), "the measure sees what is not linear"

"""What a whole file says again is written as received and looked at no further; the tables are the same."""

import csv
import io

import pytest

from spark_jobs.ingest import feed_ingest
from spark_jobs.ingest.repeated_records import RepeatFinder
from spark_jobs.ingest.sources.sample_shop import PEOPLE_COLUMNS, SOURCE
from tests.spark_jobs.ingest.conftest import Home

PEOPLE = SOURCE.find_feed("people")


def person(crm_id, **more):
    plain = {"crm_id": crm_id, "user_id": f"u{crm_id}", "updated_at": "2026-01-05T00:00:00Z"}
    return {**dict.fromkeys(PEOPLE_COLUMNS, ""), **plain, **more}


def whole_file(*people):
    text = io.StringIO()
    writer = csv.DictWriter(text, PEOPLE_COLUMNS)
    writer.writeheader()
    writer.writerows(people)
    return text.getvalue().encode()


ONE, TWO, AND = (
    person("1"),
    person("2", first_name="Ann", marketing_consent="yes"),
    [person("4"), person("5")],
)
TWO_BEFORE = person("2", first_name="Anne", marketing_consent="no")
EARLY, NOBODY = person("3", updated_at="2026-01-09T12:00:00Z"), person("", phone="1")
DAYS = [
    [ONE, TWO, EARLY, *AND],
    [ONE, TWO_BEFORE, TWO, EARLY, *AND],  # 2 is named twice; 3 is refused again, for its time has not come
    [TWO_BEFORE, TWO, EARLY, *AND],  # 1 has ended
    [ONE, TWO, EARLY, NOBODY, *AND],  # 1 is back as it was, 3 is accepted as it stands
    [ONE, TWO, EARLY, NOBODY, *AND],
]


@pytest.fixture
def ingest_at_once(home, monkeypatch):
    """A function that ingests all days as one run, too many records to be carried in memory."""
    monkeypatch.setattr(feed_ingest, "are_small", lambda deliveries: False)

    def ingest(name) -> Home:
        shop = home("sample_shop", name)
        for number, people in enumerate(DAYS):
            shop.land(f"sample_shop/people/2026-01-{5 + number:02d}/people.csv", whole_file(*people))
        shop.night("2026-01-05", "2026-01-09")
        return shop

    return ingest


def test_tables_are_the_same_as_when_every_record_is_looked_at(ingest_at_once, monkeypatch, report):
    short = ingest_at_once("short")
    monkeypatch.setattr(
        feed_ingest, "mark_news", lambda spark, typed, feed: typed.selectExpr("*", "true as is_news")
    )
    full = ingest_at_once("full")
    assert short.core() == full.core()
    assert short.rows("quarantine") == full.rows("quarantine")
    counts = [report(each.nights[0], "core_people") for each in (short, full)]
    assert [(each.n_received, each.n_inserted, each.n_superseded, each.n_quarantined) for each in counts] == [
        (28, 5, 18, 5)
    ] * 2
    assert {row["record_id"]: row["first_received"][:10] for row in short.rows("core_people")} == {
        "1": "2026-01-08",
        "2": "2026-01-07",
        "3": "2026-01-08",
        "4": "2026-01-05",
        "5": "2026-01-05",
    }


def test_records_of_the_file_before_are_repeats(tmp_path):
    paths = []
    for number, people in enumerate(DAYS):
        paths.append(tmp_path / f"{number}.csv")
        paths[-1].write_bytes(whole_file(*people))
    expected = [
        [False] * 5,
        [True, False, True, True, True, True],
        [True] * 5,
        [False, True, True, False, True, True],
        [True] * 6,
    ]

    def mark(finder, number):
        finder.begin(number)
        with paths[number].open("rb") as file:
            return finder.mark(list(PEOPLE.read_records(file)))

    finder = RepeatFinder(PEOPLE, paths)
    assert [mark(finder, number) for number in range(5)] == expected
    assert [mark(RepeatFinder(PEOPLE, paths), number) for number in range(5)] == expected, (
        "a task's first file"
    )
    orders = SOURCE.find_feed("orders")
    assert RepeatFinder(orders, paths).mark([None, None]) == [False, False], "orders are no whole files"

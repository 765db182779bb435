"""What whole files no longer name: which file ends what, and which are not believed."""

import random
from datetime import date, datetime, timedelta

import pytest

from expectations.contracts.lake import CORE_PEOPLE
from expectations.contracts.tables import Table
from spark_jobs.ingest.absent_records import FullExportDay, find_ended_rows, group_by_landing_day
from spark_jobs.ingest.sources.sample_shop import PEOPLE_COLUMNS
from spark_jobs.sources.declaration import Feed

MONDAY = date(2026, 1, 5)
ITEMS = Table(
    name="items",
    grain="One row per item.",
    key=("item_id",),
    columns={"item_id": "string", "title": "string", "is_recommendable": "boolean", "ended_on": "date"},
)
FEED = Feed(
    "catalogue",
    "*",
    ("item_id",),
    iter,
    lambda frame, _: frame,
    ITEMS,
    newest_wins=True,
    is_full_export=True,
    ended_values={"is_recommendable": "false", "_since": "_ended_at"},
)
RECEIVED = f"{ITEMS.schema}, landing_date date, reason string, first_received string"


@pytest.mark.parametrize(
    ("n_keys", "suspicious"),
    [
        pytest.param([1000, 700], [], id="three in ten fewer"),
        pytest.param([1000, 699], [1], id="more than three in ten fewer"),
        pytest.param([1000, 400, 1000], [1], id="cut off once"),
        pytest.param([1000, 400, 400], [1], id="the next one says the same, and is believed"),
        pytest.param([1000, 400, 200], [1, 2], id="the next one is cut off again"),
        pytest.param([1000, 0, 0, 600, 600], [1, 2, 3], id="an empty file ends nothing and is no measure"),
        pytest.param([3, 5, 4], [], id="a small shop"),
        pytest.param([0, 3], [0], id="begun with nothing"),
    ],
)
def test_a_file_that_names_far_fewer_is_not_believed(n_keys, suspicious):
    days = group_by_landing_day(
        [(f"{MONDAY + timedelta(days=n)}/all.csv", count) for n, count in enumerate(n_keys)]
    )
    assert [n for n, day in enumerate(days) if day.is_suspicious] == suspicious


def test_the_files_of_a_day_are_one_whole():
    files = [
        ("2026-01-06/b.csv", 2),
        ("2026-01-05/a.csv", 4),
        ("2026-01-06/a.csv", 2),
        ("2026-01-05/b.csv", 6),
    ]
    assert group_by_landing_day(files) == [
        FullExportDay(MONDAY, 10, 0, "2026-01-05/b.csv"),
        FullExportDay(MONDAY + timedelta(days=1), 4, 10, "2026-01-06/b.csv"),
    ]


def ended_by_hand(history: list[str], suspicious: set[int]) -> list[tuple[int, int]]:
    """(day it ended, day of the record that counted until then), from what each day says: there, refused or
    absent.
    """
    ends, last = [], None
    for day, said in enumerate(history):
        if said == "there":
            last = day
        elif said == "absent" and last is not None and day not in suspicious:
            ends.append((day, last))
            last = None
    return ends


def test_things_end_and_come_back_the_same_at_once_and_in_two_parts(spark):
    draw = random.Random(20261128)
    n_days, suspicious = 8, {3, 6}
    days = [
        FullExportDay(
            MONDAY + timedelta(days=n),
            0 if n in suspicious else 100,
            100,
            f"{MONDAY + timedelta(days=n)}/all.csv",
        )
        for n in range(n_days)
    ]
    histories = {
        f"i{n}": draw.choices(["there", "refused", "absent"], [5, 1, 3], k=n_days) for n in range(300)
    }
    reasons = {"there": None, "refused": "bad_number"}
    rows = [
        (key, f"{key} on {n}", True, None, days[n].day, reasons[said], f"{days[n].place}#{line:09d}")
        for line, (key, history) in enumerate(histories.items(), 1)
        for n, said in enumerate(history)
        if said != "absent"
    ]
    expected = {
        (key, days[day].day, f"{key} on {last}")
        for key, history in histories.items()
        for day, last in ended_by_hand(history, suspicious)
    }
    assert len(expected) > 300, "the control: there is something to find"

    def found(part: list[tuple], held: list[tuple] | None, part_days: list[FullExportDay]) -> set[tuple]:
        before = None if held is None else spark.createDataFrame(held, ITEMS.schema)
        ended = find_ended_rows(
            spark.createDataFrame(part, RECEIVED), before, FEED, part_days, "America/New_York"
        ).collect()
        assert {(row["is_recommendable"], row["first_received"]) for row in ended} == {
            (False, f"{row['ended_on']}/all.csv#000000000") for row in ended
        }
        assert all(
            row["_since"] == datetime.combine(row["ended_on"], datetime.min.time()) + timedelta(hours=5)
            for row in ended
        )
        return {(row["item_id"], row["ended_on"], row["title"]) for row in ended}

    assert found(rows, None, days) == expected
    first = found([row for row in rows if row[4] < days[4].day], None, days[:4])
    held = {}
    for key, title, *_, day, reason, _ in rows:
        if day < days[4].day and reason is None:
            held[key] = (key, title, True, None)
    for key, day, title in first:
        if held[key][1] == title:
            held[key] = (key, title, False, day)
    second = found([row for row in rows if row[4] >= days[4].day], list(held.values()), days[4:])
    assert first | second == expected


def test_a_whole_file_ends_nobody_whom_another_source_names(home, as_csv):
    def card(crm_id: str) -> dict:
        return {**dict.fromkeys(PEOPLE_COLUMNS, ""), "crm_id": crm_id, "updated_at": "2026-01-04T12:00:00Z"}

    shop = home("sample_shop")
    shop.land(
        "sample_shop/people/2026-01-05/people.csv", as_csv(PEOPLE_COLUMNS, [card(f"c{n}") for n in range(4)])
    )
    shop.night("2026-01-05")
    rows = shop.rows("core_people")
    shop.lake.replace_rows([*rows, {**rows[0], "source": "till"}], CORE_PEOPLE)
    shop.land(
        "sample_shop/people/2026-01-06/people.csv", as_csv(PEOPLE_COLUMNS, [card(f"c{n}") for n in range(3)])
    )
    shop.night("2026-01-06")
    ended = {(row["source"], row["record_id"]) for row in shop.rows("core_people") if row["ended_on"]}
    assert ended == {("sample_shop", "c3")}

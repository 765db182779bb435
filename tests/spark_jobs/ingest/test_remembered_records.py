"""Records and identifiers that a task remembers are bounded, and forgetting them changes no row."""

import csv
import random
from datetime import date

import pytest

from spark_jobs.ingest import column_normalisation, plain_records, plain_values, read_files
from spark_jobs.ingest.column_normalisation import RememberedValues
from spark_jobs.ingest.deliveries import Delivery
from spark_jobs.ingest.parted_deliveries import read_few_deliveries
from spark_jobs.ingest.plain_records import PlainRecords
from spark_jobs.ingest.sources import sample_shop
from spark_jobs.ingest.text_normalisation import NormalisedValue
from spark_jobs.sources.declaration import SourceContext
from spark_jobs.sources.landed_files import LandedFile

CONTEXT = SourceContext("sample_shop", "America/Martinique", "a key")
PEOPLE = sample_shop.SOURCE.find_feed("people")
EMPTY = dict.fromkeys(sample_shop.PEOPLE_COLUMNS, "")


@pytest.fixture
def deliveries(tmp_path) -> list[Delivery]:
    """Three whole files of forty people, of whom a few change from day to day and some cannot be typed
    plainly.
    """
    pick, people, days = random.Random(4), {}, []
    for n in range(40):
        at = "2026-01-02T10:00:00Z" if n % 5 else "yesterday"
        people[n] = EMPTY | {"crm_id": f"c{n}", "email": f"p{n}@example.com", "updated_at": at}
    for day in (5, 6, 7):
        for n in pick.sample(sorted(people), 6):
            people[n] |= {"first_name": f"Ann {day}"}
        path = tmp_path / f"{day}.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, sample_shop.PEOPLE_COLUMNS)
            writer.writeheader()
            writer.writerows(people.values())
        file = LandedFile(path, path.name, "sample_shop", "people", date(2026, 1, day), 1, str(day))
        days.append(Delivery(str(day), file))
    return days


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param({"MAX_REMEMBERED": 12}, id="records"),
        pytest.param({"MAX_REMEMBERED_CHARACTERS": 400}, id="characters"),
    ],
)
def test_forgetting_changes_no_row(deliveries, monkeypatch, limits):
    monkeypatch.setattr(read_files, "BATCH_RECORDS", 7)
    expected = read_few_deliveries(PEOPLE, CONTEXT, deliveries)
    assert (expected[0].num_rows, expected[1].num_rows) == (96, 24)
    for name, most in limits.items():
        monkeypatch.setattr(plain_records, name, most)
    monkeypatch.setattr(plain_values, "MAX_HASHED", 3)
    sizes, type_whole_file = [], PlainRecords._type_whole_file

    def measure(self, normal):
        typed = type_whole_file(self, normal)
        sizes.append(len(self.row_of))
        return typed

    monkeypatch.setattr(PlainRecords, "_type_whole_file", measure)
    assert read_few_deliveries(PEOPLE, CONTEXT, deliveries) == expected
    assert max(sizes) <= 12


def test_a_hasher_remembers_a_bounded_number_of_values(monkeypatch):
    monkeypatch.setattr(plain_values, "MAX_HASHED", 3)
    hash_value = plain_values.make_identifier_hasher(CONTEXT, "user_id")
    first = [hash_value(f"u{n}", "shop") for n in range(10)]
    assert len(set(first)) == 10 and [hash_value(f"u{n}", "shop") for n in range(10)] == first
    (known,) = [cell.cell_contents for cell in hash_value.__closure__ if isinstance(cell.cell_contents, dict)]
    assert len(known) <= 3


@pytest.mark.parametrize(
    ("name", "most"),
    [
        pytest.param("MAX_REMEMBERED", 4, id="values"),
        pytest.param("MAX_REMEMBERED_CHARACTERS", 40, id="characters"),
    ],
)
def test_normal_forms_are_remembered_within_bounds(monkeypatch, name, most):
    monkeypatch.setattr(column_normalisation, name, most)
    remembered, read = RememberedValues(), []

    def read_value(value: str) -> NormalisedValue:
        read.append(value)
        return NormalisedValue(value.strip())

    batches = [tuple(f" {n + m} ".ljust(10) for m in range(3)) for n in range(20)]
    for batch in batches:
        assert [each.value for each in remembered.look_up(batch, read_value)] == [x.strip() for x in batch]
        assert len(remembered) <= 4 + 3
    assert len(read) < sum(map(len, batches)), "what was met before is read again only after forgetting"

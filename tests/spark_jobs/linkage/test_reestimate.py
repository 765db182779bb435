"""Re-estimation says what it would change, writes only when told to, and keeps the old model."""

import csv

import pyarrow as pa
import pytest

from expectations.contracts.lake import CORE_PEOPLE
from sample_shop.customer_file import make_customer_file
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.linkage import reestimate
from spark_jobs.linkage.home_model import HOME_MODEL, load_home_model
from spark_jobs.linkage.model import LinkageModel
from spark_jobs.linkage.reestimate import ClusterChange, compare_clusterings, main

pytestmark = pytest.mark.slow  # fits a model of identity


def test_what_changes_between_two_clusterings():
    before = {"a": "a", "b": "a", "c": "c", "d": "c", "e": "e", "f": "f"}
    after = {"a": "x", "b": "x", "c": "y", "d": "z", "e": "z", "f": "f"}
    # a b stay together under another name; c leaves d, d joins e.
    assert compare_clusterings(before, after) == ClusterChange(
        n_pairs_before=2, n_pairs_after=2, n_merged=1, n_split=1, n_records=3
    )


@pytest.fixture(scope="module")
def shop():
    return make_customer_file(77, 700, 5)


@pytest.fixture
def home(tmp_path, monkeypatch, shop, upsert):
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path))
    columns = {
        "source": pa.array(["sample_shop"] * len(shop)),
        "record_id": shop["crm_id"],
        "birth_date": shop["birth_date"].cast("date32"),
    }
    held = {
        name: shop[name]
        for name in ("first_name", "last_name", "email", "phone", "city", "postcode", "country")
    }
    rows = pa.table(columns | held).to_pylist()
    schema = build_arrow_schema(CORE_PEOPLE)
    upsert(
        reestimate.Lake(tmp_path / "lake"), CORE_PEOPLE, [dict.fromkeys(schema.names) | row for row in rows]
    )
    return tmp_path


def test_too_few_known_pairs_teach_nothing(home, capsys):
    assert main(["--apply"]) == 1
    assert "it takes 500 of either" in capsys.readouterr().err
    assert not (home / HOME_MODEL).exists()


def test_a_report_writes_nothing_and_apply_keeps_the_old_model(home, capsys, shop, tmp_path, monkeypatch):
    monkeypatch.setattr("spark_jobs.linkage.refit.MIN_PAIRS", 5)
    assert main([]) == 0
    said = capsys.readouterr().out
    assert f"Model {load_home_model(home).fingerprint}" in said
    assert "email: same address" in said
    assert not (home / HOME_MODEL).exists()

    labels = tmp_path / "labels.csv"
    with labels.open("w", newline="") as file:
        csv.writer(file).writerows(
            [
                ("source", "record_id", "person"),
                *(("sample_shop", r["crm_id"], r["person"]) for r in shop.to_pylist()),
            ]
        )
    assert main(["--apply", "--labels", str(labels)]) == 0
    first = LinkageModel.load(home / HOME_MODEL)
    assert first.fingerprint != LinkageModel.load_shipped().fingerprint
    assert main(["--apply"]) == 0
    assert LinkageModel.load(home / "identity" / f"model-{first.fingerprint}.json") == first
    assert LinkageModel.load(home / HOME_MODEL) != first


def test_a_home_without_people_is_told_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path))
    assert main([]) == 1
    assert "core_people is empty" in capsys.readouterr().err

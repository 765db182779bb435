"""What `make backfill` refuses before it starts anything, each with a sentence."""

import sys
from datetime import date

import pytest

from expectations.contracts.lake import OPS_DELIVERIES
from operate import backfill, next_steps
from operate.backfill import count_files
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import LandingDates


@pytest.fixture
def said(monkeypatch, tmp_path, capsys):
    """A function that asks for two days of Online Retail from a folder, and gives what was said
    in refusal.
    """
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CONCIERGE_SOURCES", "sample_shop")  # backfill sets both, and they are put back
    monkeypatch.setenv("CONCIERGE_LANDING_FROM", "")
    monkeypatch.setattr(backfill.airflow, "prepare_database", lambda _: pytest.fail("Airflow was started"))

    def ask(data: str, source: str = "online_retail") -> str:
        words = ["--source", source, "--data", data, "--from", "2010-12-01", "--to", "2010-12-02"]
        monkeypatch.setattr(sys, "argv", ["backfill", *words])
        with pytest.raises(SystemExit) as refused:
            backfill.main()
        assert refused.value.code
        return " ".join(capsys.readouterr().err.split())

    return ask


def test_a_folder_must_be_given(said, tmp_path):
    assert "give DATA=<folder>" in said("")
    assert "nowhere is not a folder" in said(str(tmp_path / "nowhere"))


def test_a_folder_without_a_file_of_these_days_is_no_night_done_already(said, tmp_path):
    (tmp_path / "2010-12-03.csv").touch()
    assert "has no file of 2010-12-01…2010-12-02; online_retail names them like 2010-12-01.csv" in said(
        str(tmp_path)
    )
    assert count_files("online_retail", tmp_path, LandingDates(date(2010, 12, 1), date(2010, 12, 3))) == 1
    assert "takes no day files from a folder" in said(str(tmp_path), "sample_shop")
    assert "unknown source" in said(str(tmp_path), "online_retial")


def test_another_shops_home_is_refused(said, tmp_path):
    (tmp_path / "2010-12-01.csv").touch()
    Lake(tmp_path / "home" / "lake").append_rows(
        [{"delivery_id": "d", "source": "sample_shop"}], OPS_DELIVERIES
    )
    assert "one home is one shop: set CONCIERGE_HOME to another folder" in said(str(tmp_path))


def test_the_page_after_the_sample_shop_sends_real_data_to_another_home():
    examples = next_steps.Examples("http://127.0.0.1:8080", "u1", None, "i-1", date(2026, 2, 18), None)
    commands = [command for steps in next_steps.list_next_steps(examples).values() for command, _ in steps]
    assert any("CONCIERGE_HOME=<new folder> make backfill SOURCE=online_retail" in one for one in commands)

"""Which files of a landing folder have landed."""

from datetime import date, timedelta

from spark_jobs.sources.landed_files import list_landed_files

MONDAY = date(2026, 1, 5)


def test_unfinished_and_foreign_files_are_not_listed(tmp_path):
    a_day = "lines/2026-01-05"
    for name in (
        f"shop/{a_day}/a.csv",
        f"shop/{a_day}/.b.csv.part",
        "shop/lines/someday/c.csv",
        f".hidden/{a_day}/d.csv",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    assert [file.name for file in list_landed_files(tmp_path, MONDAY)] == ["shop/lines/2026-01-05/a.csv"]
    assert list_landed_files(tmp_path, MONDAY - timedelta(days=1)) == []

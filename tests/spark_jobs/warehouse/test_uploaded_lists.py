"""Uploaded lists: every entry by its identifier's id or item, every other line counted and named without its
value.
"""

import os

import pytest

from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.lake import LIST_ENTRIES
from spark_jobs.lake.tables import Lake
from spark_jobs.settings import Settings
from spark_jobs.warehouse import uploaded_lists
from spark_jobs.warehouse.uploaded_lists import MOST_CHARACTERS, MOST_NAMED, read_lists, write_lists


@pytest.fixture
def settings(tmp_path) -> Settings:
    settings = Settings.from_environment({"CONCIERGE_HOME": str(tmp_path), "CONCIERGE_IDENTITY_KEY": "k"})
    settings.paths.lists.mkdir()
    return settings


def put(settings: Settings, name: str, content: str | bytes) -> None:
    data = content if isinstance(content, bytes) else content.encode()
    (settings.paths.lists / name).write_bytes(data)


def test_entries_are_hashed_as_ingest_hashes_them(settings):
    put(settings, "vip.csv", "\ufeffEmail,note\r\n Ada@Shop.example ,x\r\n\r\nada@shop.example,again\r\n")
    put(settings, "staff.csv", "user_id,source\nu1,till\nu1,\n")
    put(settings, "sale.csv", "item_id\n7\n 8 \n")
    lists = read_lists(settings.paths, "k", "web")
    assert lists.flaws == []
    assert set(lists.list_rows()) == {
        ("vip", "customers", hash_identifier("k", "email", "", "ada@shop.example")),
        ("staff", "customers", hash_identifier("k", "user_id", "till", "u1")),
        ("staff", "customers", hash_identifier("k", "user_id", "web", "u1")),
        ("sale", "items", "7"),
        ("sale", "items", "8"),
    }


def test_what_cannot_be_read_is_named_without_its_value_and_stops_nothing(settings):
    put(settings, "good.csv", "item_id\n1\nnull\n2\n" + "x" * 600 + "\n")
    put(settings, "odd name.csv", "item_id\n1\n")
    put(settings, "other.csv", "colour\nred\n")
    put(settings, "broken.csv", b"email\n\xff\xfe\n")
    put(settings, "empty.csv", "")
    lists = read_lists(settings.paths, "k", "web")
    assert [entry[2] for entry in lists.list_rows()] == ["1", "2"]
    assert [flaw.partition(":")[0] for flaw in lists.flaws] == [
        "broken.csv",
        "empty.csv",
        "good.csv",
        "good.csv",
        "odd name.csv",
        "other.csv",
    ]
    assert not any("null" in flaw or "xxx" in flaw or "red" in flaw for flaw in lists.flaws)


def test_nothing_that_lies_there_stops_a_night_or_leads_out_of_the_folder(settings, tmp_path):
    folder = settings.paths.lists
    (tmp_path / "outside.csv").write_text("item_id\nsecret\n")
    put(settings, "good.csv", "item_id\n1\n")
    (folder / "inside.csv").symlink_to(folder / "good.csv")
    (folder / "outside.csv").symlink_to(tmp_path / "outside.csv")
    (folder / "dangling.csv").symlink_to(tmp_path / "none")
    (folder / "folder.csv").mkdir()
    os.mkfifo(folder / "pipe.csv")
    put(settings, "long.csv", "item_id\n2\n" + "x" * (MOST_CHARACTERS + 1))
    put(settings, "quote.csv", 'item_id\n"' + "x\n" * 100_000)
    put(settings, "nothing.csv", b"item_id\n\x00\n")
    (folder / os.fsdecode(b"\xff\n.csv")).write_text("item_id\n1\n")
    lists = read_lists(settings.paths, "k", "web")
    assert set(lists.list_rows()) == {(name, "items", "1") for name in ("good", "inside")}
    refused = {flaw.split(":")[0] for flaw in lists.flaws}
    assert refused == {
        *("outside.csv", "dangling.csv", "folder.csv", "pipe.csv", "long.csv", "quote.csv", "nothing.csv"),
        "\\udcff\\n.csv",
    }
    "\n".join(lists.flaws).encode()  # what a report is written as


def test_flaws_are_counted_and_the_first_are_named(settings):
    put(settings, "many.csv", "item_id\n" + "null\n" * 1_000)
    lists = read_lists(settings.paths, "k", "web")
    assert (lists.n_refused, len(lists.flaws)) == (1_000, MOST_NAMED)


def test_the_lake_holds_what_the_files_say(settings, tmp_path):
    lake = Lake(tmp_path / "lake")
    assert write_lists(lake, settings).n_rows == 0
    assert not lake.exists(LIST_ENTRIES)
    put(settings, "sale.csv", "item_id\n7\nnull\n")
    report = write_lists(lake, settings)
    assert (report.n_rows, report.detail["refused"]) == (1, 1)
    version = lake.version(LIST_ENTRIES)
    write_lists(lake, settings)
    assert lake.version(LIST_ENTRIES) == version
    (settings.paths.lists / "sale.csv").unlink()
    write_lists(lake, settings)
    assert lake.read_arrow(LIST_ENTRIES).num_rows == 0


def test_a_list_for_which_there_is_no_room_is_left_out_whole(settings, tmp_path):
    """Not cut in half, and not emptied: it holds what it held, and its neighbours are read."""
    lake = Lake(tmp_path / "lake")
    put(settings, "blocked.csv", "user_id\nu1\nu2\n")
    put(settings, "sale.csv", "item_id\n7\n")
    write_lists(lake, settings)
    before = lake.read_arrow(LIST_ENTRIES).to_pylist()
    put(settings, "blocked.csv", "user_id\n" + "".join(f"u{n}\n" for n in range(5)))
    lists = read_lists(settings.paths, "k", "web", most=4)
    assert (lists.left_out, set(lists.list_rows())) == (["blocked"], {("sale", "items", "7")})
    assert lists.flaws[0].startswith("blocked.csv: with it all lists together have more than")
    full = read_lists(settings.paths, "k", "web", most=6)
    assert (full.left_out, full.count()) == ([], 6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uploaded_lists, "MOST_LINES", 3)
        report = write_lists(lake, settings)
    assert lake.read_arrow(LIST_ENTRIES).to_pylist() == before
    assert (report.n_rows, report.detail["refused"]) == (3, 1)
    assert "a list has at most 3 lines; it is left out, and holds what it held" in report.detail["flaws"][0]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"user_id\nu1\n" + b"x" * (MOST_CHARACTERS + 1), id="a line that is none"),
        pytest.param(b"user_id,note\n" + b"u1,\n" * 9_000 + b"u2,caf\xe9\n", id="a byte that is no UTF-8"),
        pytest.param(b"user\nu1\nu2\n", id="a first column that nobody knows"),
        pytest.param(b"", id="nothing at all"),
    ],
)
def test_nobody_drops_off_a_list_whose_file_breaks_off(settings, tmp_path, content):
    lake = Lake(tmp_path / "lake")
    put(settings, "blocked.csv", "user_id\nu1\nu2\n")
    write_lists(lake, settings)
    before = lake.read_arrow(LIST_ENTRIES).to_pylist()
    put(settings, "blocked.csv", content)
    report = write_lists(lake, settings)
    assert (lake.read_arrow(LIST_ENTRIES).to_pylist(), report.detail["refused"]) == (before, 1)

"""The table, the page and the picture of a small shop, its rows measured in processes of their own."""

import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.leaderboard import __main__ as program
from benchmarks.leaderboard import measure as measuring
from benchmarks.leaderboard import run, table
from benchmarks.leaderboard.datasets import load_dataset
from benchmarks.leaderboard.lifts import compute_lifts
from benchmarks.leaderboard.published import PUBLISHED
from benchmarks.leaderboard.rows import ROWS, LeaderboardRow, define_blend_row, define_single_row, list_rows
from benchmarks.leaderboard.run import RowResult
from models.evaluation import MetricResults
from models.recommenders import RECOMMENDERS

pytestmark = pytest.mark.slow  # fits each row in a process of its own


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """40 customers of two tastes, who buy on every other day and again the same kind of things."""
    folder = tmp_path_factory.mktemp("shop") / "corner"
    folder.mkdir()
    rows = [
        f"c{customer:02},i{(customer % 2) + 2 * ((customer * 3 + day * 5) % 9):02},2026-01-{day:02}"
        for customer in range(40)
        for day in range(1 + customer % 3, 25, 2)
    ]
    (folder / "interactions.csv").write_text("customer_id,item_id,occurred_at\n" + "\n".join(rows))
    return folder


def test_prints_a_table_and_leaves_a_page_and_a_picture(shop, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        "sys.argv",
        [
            "leaderboard",
            str(shop),
            "--only",
            "popularity,user_knn",
            "--pages",
            str(tmp_path),
            "--threads",
            "1",
        ],
    )
    program.main()
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("The last window (a sixth of the history")
    assert "40 customers × 18 items" in said[1] and "next 40 customers" in said[1]
    by_name = {line.split()[0]: line.split() for line in said[3:5]}
    assert float(by_name["user_knn"][3]) > float(by_name["popularity"][3])  # it knows of the two tastes
    # MiB of a process with numpy and scipy
    assert 50 < float(by_name["popularity"][7].replace(",", "")) < 1000
    meant = dict(each.strip().split(": ", 1) for each in said[said.index("what the columns mean:") + 1 : -1])
    assert list(meant) == ["discover", "next", "ndcg", "recall", "fit", "rank", "MiB", "chosen on"]
    page = (tmp_path / "corner.html").read_text()
    assert [page.count(f"<dt>{name}</dt>") for name in (*meant, "gini", "miscalibration")] == [1] * 10, (
        "one legend is enough"
    )
    for words in (
        "user_knn",
        "over user_knn",
        "Beyond accuracy: next",
        "By slice: next",
        "data:image/png;base64,",
    ):
        assert words in page
    assert (tmp_path / "corner.png").read_bytes()[:4] == b"\x89PNG"


def test_a_row_that_fails_is_told_and_the_others_go_on(shop, monkeypatch):
    """The child does not know the row that the parent was given."""
    given = (
        LeaderboardRow("absent", {"parts": {"popularity": {}}}),
        *(row for row in list_rows(str(shop)) if row.name == "popularity"),
    )
    monkeypatch.setattr(run, "list_rows", lambda name: given)
    data = load_dataset(str(shop))
    absent, popularity = run.run_rows(data, str(shop), (), run.RunOptions("test", 1, 1))
    assert absent.found is None and "failed: StopIteration" in table.format_row(data, absent)
    assert popularity.found is not None and popularity.took["mib"] > 0


def test_every_registered_recommender_is_a_row_of_a_folder(shop):
    assert {row.name for row in list_rows(str(shop))} == {*RECOMMENDERS, "learned blend"}
    assert [row.tasks for row in list_rows(str(shop)) if row.name in ("own_history", "repeat_purchase")] == [
        ("next",)
    ] * 2


def test_a_row_without_what_it_needs_is_named_and_a_silent_one_is_warned_of(tmp_path, monkeypatch):
    """No category is named: content is not begun. A day holds one item: as a session it tells nothing of any
    other item.
    """
    lines = [f"c{c},i{(c * 7 + day) % 60},2026-01-{1 + day:02}" for c in range(40) for day in range(24)]
    (tmp_path / "interactions.csv").write_text("customer_id,item_id,occurred_at\n" + "\n".join(lines))
    shop = str(tmp_path)
    data, silent = load_dataset(shop), define_single_row("stan", name="stan, a day a session", gap_days=0)
    blend = define_blend_row("blend", {"content": {}, "user_knn": {}}, {"content": 1.0, "user_knn": 1.0}, 1.0)
    content = next(row for row in list_rows(shop) if row.name == "content")
    given = (content, silent, define_single_row("stan"), blend)
    monkeypatch.setattr(run, "list_rows", lambda name: given)
    monkeypatch.setattr(measuring, "list_rows", lambda name: given)
    monkeypatch.setattr(run.subprocess, "run", in_this_process(data))
    left_out, warned, usual, other = run.run_rows(data, shop, (), run.RunOptions("test", 1, 1))
    assert left_out.found is None and "left out: no item has an attribute" in table.format_row(data, left_out)
    words = "has nothing to say to 100% of those asked in discover"
    assert warned.warnings == (words,) and f"; WARNING: {words}" in table.format_row(data, warned)
    assert usual.warnings == () and np.nanmean(usual.found.ndcg["discover"]) > 0.1, (
        "its default reads the customers' rhythm"
    )
    assert other.warnings[0].startswith("without content (no item has an attribute")


def in_this_process(data):
    """What stands for `subprocess.run`: the child's own program, called here."""

    def work(command, **_):
        named = dict(zip(command[5::2], command[6::2], strict=True))
        row = next(row for row in measuring.list_rows("") if row.name == named["--row"])
        found, took = measuring.measure_row(data, data.test, row, 1)
        measuring.write_result(found, took, Path(command[4]))
        return SimpleNamespace(returncode=0)

    return work


def test_it_ends_within_its_seconds_and_names_what_it_did_not_come_to(shop):
    began = time.monotonic()
    slow, absent = run.run_rows(
        load_dataset(str(shop)),
        str(shop),
        ("lightfm", "popularity"),
        run.RunOptions("test", 1, 1, seconds=0.2),
    )
    assert time.monotonic() - began < 5
    assert slow.wrong == "left out: it took longer than the 0 s left of the table's 0.2"
    assert absent.wrong == "left out: the 0.2 seconds of the table were over"


def test_the_learned_blend_takes_its_own_windows_from_the_past_of_any_shop(shop):
    data = load_dataset(str(shop))
    popularity, blend = run.run_rows(
        data, str(shop), ("popularity", "learned blend"), run.RunOptions("test", 1, 1)
    )
    assert not blend.wrong and not blend.row.single
    better = blend.found.ndcg["next"] - popularity.found.ndcg["next"]
    assert np.nanmean(better) > 0.1  # it knows of the two tastes


def test_an_unknown_row_is_refused(shop):
    with pytest.raises(ValueError, match="no row nonsense; there are attribute_popularity"):
        list(run.run_rows(load_dataset(str(shop)), str(shop), ("nonsense",), run.RunOptions("test", 1, 1)))


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (
            [""],
            (
                "unknown data ''; there are online_retail, gowalla, beauty, retailrocket, or the path of a"
                " folder with interactions"
            ),
        ),
        (
            ["online_retail"],
            (
                "online_retail/YYYY-MM-DD.csv is not there: benchmarks/README.md says which files"
                " online_retail is"
            ),
        ),
        (
            ["gowalla"],
            (
                "gowalla/train.csv.gz is not there: benchmarks/README.md says which files gowalla is,"
                " --shared where"
            ),
        ),
        (["beauty", "--only", "stan,nonsense"], "no row nonsense; there are popularity, item_knn, "),
    ],
)
def test_what_cannot_be_is_a_sentence(tmp_path, monkeypatch, capsys, argv, sentence):
    monkeypatch.setattr("sys.argv", ["leaderboard", *argv, "--shared", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == 1 and sentence in capsys.readouterr().err


def result(name, ndcg, single=True):
    figures = {"next": {"ndcg@10": np.array(ndcg)}}
    return RowResult(LeaderboardRow(name, {}, single=single), MetricResults(figures, {"next": {}}), {})


def test_blends_are_compared_with_the_best_single_row():
    held = [result("a", [0.1, 0.3]), result("b", [0.2, 0.4]), result("both", [0.3, 0.6], single=False)]
    found = compute_lifts(held, "next", "ndcg@10")
    assert [(each.name, each.over) for each in found] == [("both", "b"), ("a", "b")]
    assert (
        found[0].mean == pytest.approx(0.15) and found[0].low >= 0.1 - 1e-12 and found[0].high <= 0.2 + 1e-12
    )
    assert str(found[1]) == "next ndcg@10: a over b -0.1000 [-0.1000, -0.1000]"
    assert compute_lifts([result("both", [0.3], single=False)], "next", "ndcg@10") == []


def test_rows_of_a_data_set_have_names_of_their_own_and_say_what_they_were_chosen_on():
    for name, rows in ROWS.items():
        names = [row.name for row in rows]
        assert len(set(names)) == len(names), name
        assert all(row.chosen for row in rows), name


def test_published_rows_have_a_figure_for_each_column_and_are_shares():
    width = {"gowalla": 2, "beauty": 2, "online_retail": 4}
    for name, rows in PUBLISHED.items():
        for row in rows:
            assert len(row.figures) == width[name] and row.source
            assert all(np.isnan(figure) or 0 < figure < 0.5 for figure in row.figures)


def test_beauty_stands_beside_the_best_that_were_published():
    """Figures as their sources print them (HR@10, NDCG@10), and whether their preparation is that of these
    files.
    """
    held = {row.name: row for row in PUBLISHED["beauty"]}
    later = {
        "BSARec": (0.1008, 0.0611),
        "OneRec-SFT (1.7B)": (0.0925, 0.0501),
        "SASRec with cross entropy": (0.0851, 0.0421),
    }
    assert {name: held[name].figures for name in later} == later
    assert (
        "same file" in held["BSARec"].source
        and "prepared by its own code" in held["OneRec-SFT (1.7B)"].source
    )
    best = max((row for row in held.values() if "measured" not in row.source), key=lambda row: row.figures)
    assert best.name == "BSARec"


def test_figures_as_they_are_shown():
    values = (0.0327, 1.0, float("nan"), 0.99996, -0.01)
    assert [table.format_value(value) for value in values] == [".0327", "1.0000", "–", "1.0000", "-.0100"]

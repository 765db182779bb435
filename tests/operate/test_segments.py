"""`make segments`: every mistake with its place; definitions of the night are held to what it evaluates."""

from pathlib import Path

import pytest

from operate.segments import main
from segments.in_force import Bounds
from segments.sql.costs import CostLimits, ShopStatistics
from segments.sql_traits import FOLDER as SQL_TRAITS
from segments.to_sql import DEFINITIONS
from tests.segments.golden_definitions import GOLDEN

VIEWERS = """segment_id: viewers
name: Viewers
kind: rule
description: Viewed something.
members: {count: view, op: ">=", value: 1}
"""


SHOP = DEFINITIONS.parent
N_TRAITS = len([*(SHOP / "traits").glob("*.yml")]) + len([*SQL_TRAITS.glob("*.sql")])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Definitions of the night: one."""
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions/lapsed.yml").write_text((DEFINITIONS / "lapsed.yml").read_text())
    return tmp_path / "definitions"


def test_what_the_night_evaluates_is_checked_by_default(capsys):
    assert main(["check"]) == 0
    assert (
        capsys.readouterr().out
        == f"Understood, and evaluated by the night: 26; learned by it: 1; traits: {N_TRAITS}.\n"
    )


def test_a_definition_of_any_folder_may_name_those_of_the_night(folder, tmp_path, capsys):
    file = tmp_path / "viewers.yml"
    file.write_text(VIEWERS.replace('{count: view, op: ">=", value: 1}', "{not: {segment: lapsed}}"))
    assert main(["check", str(file)], folder) == 0
    assert capsys.readouterr().out == "Understood: 1.\n"


def test_a_night_would_evaluate_all_golden_definitions(capsys):
    files = [str(file) for file in GOLDEN.glob("*.yml")]
    assert main(["check", *files]) == 0
    assert capsys.readouterr().out == "Understood: 40.\n"


def test_traits_and_learned_segments_are_checked_as_what_they_are(tmp_path, capsys):
    trait, learned = SHOP / "traits/average_basket.yml", SHOP / "learned/like_champions.yml"
    assert main(["check", str(trait), str(learned)]) == 0
    assert capsys.readouterr().out == "Understood: 2.\n"
    for file, old, new in ((trait, "amount", "amont"), (learned, "champions,", "champs,")):
        wrong = tmp_path / file.name
        wrong.write_text(file.read_text().replace(old, new))
    assert main(["check", str(tmp_path / trait.name), str(tmp_path / learned.name)]) == 1
    err = capsys.readouterr().err
    assert "like_champions.yml:5:" in err
    assert "there is no segment 'champs'" in err
    assert "average_basket.yml:8:" in err


def test_what_is_understood_and_never_evaluated_is_said(tmp_path, capsys):
    file = tmp_path / "viewers.yml"
    file.write_text(
        VIEWERS.replace("{count: view, op:", "{field: share_returned, op:").replace("value: 1", "value: 0.5")
    )
    assert main(["check", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Understood: 1."
    assert lines[1].startswith("Not evaluated by a night: viewers.yml:5:18: ")
    assert "is a trait of SQL, known only as of the nights that were run" in lines[1]


def test_the_list_has_learned_segments_and_traits(capsys):
    assert main(["list"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["like_champions", "lookalike", "Like", "champions", "champions"] in lines
    assert ["average_basket", "number", "Average", "basket"] in lines
    assert ["share_returned", "number", "SQL:"] in [line[:3] for line in lines]


def test_mistakes_stand_with_file_line_and_column(folder, tmp_path, capsys):
    file = tmp_path / "viewers.yml"
    file.write_text(VIEWERS.replace("count: view", "count: vew"))
    assert main(["check", str(file)], folder) == 1
    out, err = capsys.readouterr()
    assert (out, err.partition(";")[0]) == (
        "",
        "viewers.yml:5:18: unknown event type 'vew' (did you mean 'view'?)",
    )


def test_a_broken_neighbour_is_a_warning_and_the_file_is_checked(folder, tmp_path, capsys):
    (folder / "broken.yml").write_text(VIEWERS.replace("count: view", "count: vew"))
    (folder / "on_it.yml").write_text(
        VIEWERS.replace("viewers", "on_it").replace('{count: view, op: ">=", value: 1}', "{segment: broken}")
    )
    file = tmp_path / "viewers.yml"
    file.write_text(VIEWERS)
    for asked, said in (
        (file, "Understood: 1."),
        (folder / "lapsed.yml", "Understood: 1; evaluated by the night: 1."),
    ):
        assert main(["check", str(asked)], folder) == 0
        first, *warnings = capsys.readouterr().out.splitlines()
        assert first == said
        assert [line.partition(";")[0] for line in warnings] == [
            "Warning: broken: broken.yml:5:18: unknown event type 'vew' (did you mean 'view'?)",
            "Warning: on_it: it names the segment broken, which is left out",
        ]
    assert main(["check", str(folder / "on_it.yml")], folder) == 1
    wrong, warning = capsys.readouterr().err.splitlines()
    assert wrong.startswith("on_it.yml:5:20: unknown segment 'broken'")
    assert warning.startswith("Warning: broken: broken.yml:5:18")


def test_what_is_too_dear_is_named_with_its_estimate(folder, tmp_path, capsys, monkeypatch):
    """Forty views of two customers: 42 rows."""
    file = tmp_path / "viewers.yml"
    file.write_text(VIEWERS)
    for n_rows, lines in (
        (42, []),
        (41, ["viewers.yml: segment viewers would read 42 rows, 40 of them for"]),
    ):
        bounds = Bounds(ShopStatistics(2, {"view": 40}, 1), CostLimits(n_read=n_rows))
        monkeypatch.setattr("operate.segments.find_bounds", lambda settings, bounds=bounds: bounds)
        assert main(["check", str(file)], folder) == len(lines)
        said = capsys.readouterr().err.splitlines()
        assert [line.partition(" the count")[0] for line in said] == lines


def test_the_list_says_what_is_left_out(folder, capsys):
    (folder / "viewers.yml").write_text(VIEWERS.replace("count: view", "count: vew"))
    assert main(["list"], folder) == 0
    out, err = capsys.readouterr()
    assert "lapsed" in out and "viewers" not in out
    assert err.startswith("left out: viewers: viewers.yml:5:18: unknown event type 'vew'")


def test_the_list_has_what_a_rule_asks(folder, capsys):
    assert main(["list"], folder) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["segment", "kind", "name", "asks"],
        ["lapsed", "rule", "Lapsed", "days_since_last_order,", "overdue_percent"],
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "nowhere.yml"], "there is no file nowhere.yml"),
        (["list", "x.yml"], "unrecognized arguments: x.yml"),
        (["evaluate"], "invalid choice: 'evaluate'"),
    ],
)
def test_what_is_typed_wrongly_is_said(arguments, message, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert message in capsys.readouterr().err


def test_files_that_no_night_reads_are_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path))
    (tmp_path / "segments/traits").mkdir(parents=True)
    (tmp_path / "segments/lapsed.yml").write_text((DEFINITIONS / "lapsed.yml").read_text())
    for name in ("viewers.yaml", "traits/brand.yml", ".hidden.yaml", "changes.jsonl"):
        (tmp_path / "segments" / name).write_text("x")
    assert main(["check"]) == 0
    named = [line.partition(": ")[0] for line in capsys.readouterr().err.splitlines()]
    assert named == [
        f"No night reads {tmp_path}/segments/{name}" for name in ("traits/brand.yml", "viewers.yaml")
    ]

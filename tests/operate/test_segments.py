"""`make segments`: every mistake with its place; definitions of the night are held to what it evaluates."""

from pathlib import Path

import pytest

from operate.segments import main
from segments.to_sql import DEFINITIONS
from tests.segments.golden_definitions import GOLDEN

VIEWERS = """segment_id: viewers
name: Viewers
kind: rule
description: Viewed something.
members: {count: view, op: ">=", value: 1}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Definitions of the night: one."""
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions/lapsed.yml").write_text((DEFINITIONS / "lapsed.yml").read_text())
    return tmp_path / "definitions"


def test_what_the_night_evaluates_is_checked_by_default(capsys):
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "Understood, and evaluated by the night: 25; learned by it: 1.\n"


def test_a_definition_of_any_folder_may_name_those_of_the_night(folder, tmp_path, capsys):
    file = tmp_path / "viewers.yml"
    file.write_text(VIEWERS.replace('{count: view, op: ">=", value: 1}', "{not: {segment: lapsed}}"))
    assert main(["check", str(file)], folder) == 0
    assert capsys.readouterr().out == "Understood: 1.\n"


def test_the_golden_definitions_are_understood_but_for_what_no_model_predicts_yet(capsys):
    files = [str(file) for file in GOLDEN.glob("*.yml")]
    assert main(["check", *files]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(" (")[0] for line in lines] == [
        "09_valuable_and_leaving.yml:8:15: unknown field 'churn_percentile'",
        "09_valuable_and_leaving.yml:9:15: unknown field 'value_percentile'",
    ]


def test_mistakes_stand_with_file_line_and_column(folder, tmp_path, capsys):
    file = tmp_path / "viewers.yml"
    file.write_text(VIEWERS.replace("count: view", "count: vew"))
    assert main(["check", str(file)], folder) == 1
    out, err = capsys.readouterr()
    assert (out, err.partition(";")[0]) == (
        "",
        "viewers.yml:5:18: unknown event type 'vew' (did you mean 'view'?)",
    )


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

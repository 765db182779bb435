"""Versions of a definition by the log of deployments: texts that come, go and come back."""

import json
from pathlib import Path

from expectations.contracts.home import HomePaths
from segments.versions import list_files_in_use, list_versions

NAME = "segments/definitions/lapsed.yml"


def log(home: Path, *nights: dict[str, str] | str) -> None:
    """A deployment a night, of these files; a text is a line as it stands."""
    file = HomePaths(home).deployments
    file.parent.mkdir(parents=True)
    lines = []
    for n, files in enumerate(nights, start=1):
        rules = {"digest": f"set{n}", "files": files}
        lines.append(
            files if isinstance(files, str) else json.dumps({"switched_at": f"day {n}", "rules": rules})
        )
    file.write_text("\n".join(lines))


def list_periods(home: Path) -> list[tuple]:
    return [(each.number, each.digest, *each.periods) for each in list_versions(home, "lapsed")]


def test_a_text_that_comes_back_is_the_version_it_was(tmp_path):
    log(tmp_path, {}, {NAME: "a"}, {NAME: "a", "x": "1"}, {NAME: "b"}, {NAME: "a"})
    assert list_periods(tmp_path) == [
        (1, "a", ("day 2", "day 4"), ("day 5", None)),
        (2, "b", ("day 4", "day 5")),
    ]


def test_a_definition_that_is_gone_is_not_in_force(tmp_path):
    log(tmp_path, {NAME: "a"}, {})
    assert list_periods(tmp_path) == [(1, "a", ("day 1", "day 2"))]
    assert list_versions(tmp_path, "loyal") == []


def test_damaged_lines_and_lines_without_rules_say_nothing(tmp_path):
    lost = json.dumps({"switched_at": "day 2", "rules": {}})
    away = "\n".join(
        json.dumps({"switched_at": "day 3", "rules": {"digest": digest, "files": {NAME: "b"}}})
        for digest in ("../../etc", "..", ".", "")
    )
    log(tmp_path, {NAME: "a"}, lost, away, '{"switched_at": "day', "[" * 100_000)
    assert list_periods(tmp_path) == [(1, "a", ("day 1", None))]


def test_what_made_the_published_night_is_read_from_its_copies(tmp_path):
    assert list_files_in_use(tmp_path) is None
    log(tmp_path, {NAME: "a"}, {NAME: "b"})
    assert list_files_in_use(tmp_path) is None, "its copies are gone"
    copy = HomePaths(tmp_path).rule_files / "set2" / NAME
    copy.parent.mkdir(parents=True)
    copy.write_text("text")
    assert list_files_in_use(tmp_path) == [copy]
    assert [each.file for each in list_versions(tmp_path, "lapsed")][1] == copy

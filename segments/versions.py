"""Which text of a segment's definition was in force when: the log of deployments names each night's files by
their hash, and a copy of every set is kept beside it.

A version is a text. One that comes back, by a rollback of a definition or of a night, is the version it was.
"""

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expectations.contracts.home import HomePaths

FOLDER = "segments/definitions"  # in the repository, and in each set of copies


@dataclass(frozen=True)
class Version:
    """A text of a definition that was in force.

    Attributes:
        number: from 1, in the order in which texts came into force.
        digest: of the text, as the log of deployments has it.
        file: a copy of it, or where it would be.
        periods: when it was in force, `[since, until)` in ISO text, UTC; None: it is.
    """

    number: int
    digest: str
    file: Path
    periods: tuple[tuple[str, str | None], ...]

    @property
    def is_in_force(self) -> bool:
        return self.periods[-1][1] is None


def list_versions(home: Path, segment_id: str) -> list[Version]:
    """The versions of a segment's definition, oldest first; none where no night had it."""
    name, copies = f"{FOLDER}/{segment_id}.yml", HomePaths(home).rule_files
    files: dict[str, Path] = {}
    periods: dict[str, list[tuple[str, str | None]]] = {}
    before: str | None = None
    for at, rules in read_rule_sets(home):
        digest = rules["files"].get(name)
        if digest == before:
            continue
        if before is not None:
            periods[before][-1] = (periods[before][-1][0], at)
        if digest is not None:
            files.setdefault(digest, copies / rules["digest"] / name)
            periods.setdefault(digest, []).append((at, None))
        before = digest
    return [
        Version(number, digest, files[digest], tuple(periods[digest]))
        for number, digest in enumerate(files, start=1)
    ]


def list_files_in_use(home: Path) -> list[Path] | None:
    """The files of the definitions by which the published night was made; None where that is not known."""
    newest = next(filter(None, map(parse_rule_set, reversed(read_lines(home)))), None)
    if newest is None:
        return None
    folder = HomePaths(home).rule_files / newest[1]["digest"] / FOLDER
    return sorted(folder.glob("*.yml")) or None


def read_rule_sets(home: Path) -> list[tuple[str, dict[str, Any]]]:
    """Since when which set of rule files made what readers see, oldest first; torn lines are left out."""
    return [found for line in read_lines(home) if (found := parse_rule_set(line))]


def read_lines(home: Path) -> list[str]:
    """The lines of the log of deployments."""
    try:
        return HomePaths(home).deployments.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []


def parse_rule_set(line: str) -> tuple[str, dict[str, Any]] | None:
    """Of a deployment since when its set of rule files is in force, and the set; None where it names none."""
    with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
        deployment = json.loads(line)
        rules = deployment["rules"]
        digest = rules["digest"]
        is_name = Path(digest).name == digest and digest.strip(".")
        if isinstance(rules["files"], dict) and is_name:
            return str(deployment["switched_at"]), rules
    return None

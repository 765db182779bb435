"""Definitions of segments: those of the published night, versions of one, and one that is sent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from expectations.contracts.files import FileStamps, read_file_stamps
from expectations.contracts.home import HomePaths
from expectations.contracts.personal import NOTHING_PERSONAL, has_personal_value
from segments.in_force import load_understood
from segments.parsing.definitions import (
    list_files_in_force,
    make_reader_of_day,
    read_definition,
)
from segments.parsing.documents import read_text
from segments.parsing.flaws import SegmentError
from segments.parsing.references import Definition, check_references
from segments.to_sql import DEFINITIONS
from segments.tree.rules import Rule, Segment
from segments.versions import Version, list_files_in_use, list_versions
from serving_app.http.problems import BadDefinition, CannotApply, NotReady, UnknownSegment
from serving_app.segments.saving import DefinitionChange, hash_text, keep_text, put_in_force

start_reader_of_day = cache(make_reader_of_day)  # fields and traits come with the code
NO_RULE = "No rule of the published night has this id; who is in a learned segment is a model's word."
SENT = "definition"  # names what was sent in messages


@dataclass(frozen=True)
class Said:
    """Who changes a definition, when (ISO, UTC) and why."""

    at: str
    by: str
    reason: str


class Definitions:
    """A home's definitions."""

    def __init__(self, home: Path, shipped: Path = DEFINITIONS) -> None:
        self._home, self._shipped = home, shipped
        self._read: tuple[FileStamps | None, dict[str, Definition]] = (None, {})

    def read_in_use(self) -> dict[str, Definition]:
        """Those by which the published night was made, by id; those in force where that is not known. What is
        not understood is not among them: the night leaves it out too.

        Raises:
            NotReady: none is understood any more.
        """
        files = list_files_in_use(self._home) or self.list_in_force()
        stamps, definitions = self._read
        if stamps is not None and stamps == read_file_stamps(*files):
            return definitions  # twenty take 30 ms to read, in which no list is answered
        stamps = read_file_stamps(*files)
        definitions, left_out = load_understood(files, start_reader_of_day())
        if not definitions:
            why = "; ".join(left_out.values())
            raise NotReady(f"the definitions of the published night are not understood: {why}")
        self._read = stamps, definitions
        return definitions

    def find_text_in_use(self, segment_id: str) -> str | None:
        """The text of a segment that made the published night; None where it is not known."""
        files = list_files_in_use(self._home) or []
        return next((read_text(file) for file in files if file.stem == segment_id), None)

    def list_in_force(self) -> list[Path]:
        """The files that the next night reads."""
        return list_files_in_force(self._shipped, HomePaths(self._home).segment_definitions)

    def find_next_text(self, segment_id: str) -> str | None:
        """The text that the next night reads of a segment."""
        return next((read_text(file) for file in self.list_in_force() if file.stem == segment_id), None)

    def find_waiting(self, segment_id: str) -> str | None:
        """The digest of the text that the next night reads and the published one did not; None: there is
        none.
        """
        text = self.find_next_text(segment_id)
        return hash_text(text) if text not in (None, self.find_text_in_use(segment_id)) else None

    def list_versions(self, segment_id: str) -> list[Version]:
        """The versions of a segment's definition, oldest first."""
        return list_versions(self._home, segment_id)

    def find_version(self, segment_id: str, number: int) -> Version:
        """
        Raises:
            UnknownSegment: no night had this version, or its copy is gone.
        """
        versions = self.list_versions(segment_id)
        for version in versions:
            if version.number == number and version.file.is_file():
                return version
        raise UnknownSegment(f"the segment has no version of this number; there are {len(versions)}")

    def read_version(self, segment_id: str, number: int) -> Segment:
        """The segment as one of its versions says.

        Raises:
            UnknownSegment: by `find_version`.
            BadDefinition: the language does not understand it any more.
        """
        version = self.find_version(segment_id, number)
        return self.parse(read_text(version.file), f"version {number}")

    def roll_back(self, segment_id: str, number: int, said: Said) -> DefinitionChange:
        """Let the next night read an earlier version of a segment's definition.

        Raises:
            UnknownSegment: it has no such version.
            BadDefinition: the language does not understand it any more.
            CannotApply: the next night reads it already, or the reason is none.
        """
        version = self.find_version(segment_id, number)
        text, next_text = read_text(version.file), self.find_next_text(segment_id)
        self.parse(text, f"version {number}")
        if text == next_text:
            raise CannotApply("The next night reads this version already.")
        if has_personal_value(said.reason) or not said.reason.isprintable():
            raise CannotApply(f"The reason must be one line, with {NOTHING_PERSONAL}.")
        file = self._shipped / f"{segment_id}.yml"
        shipped = read_text(file) if file.is_file() else None
        change = DefinitionChange(
            said.at, segment_id, version.digest, number, hash_text(next_text), said.by, said.reason
        )
        files = [each.file for each in self.list_versions(segment_id) if each.file.is_file()]
        if next_text not in (None, shipped, *map(read_text, files)):  # no night has a copy of it
            change = replace(change, kept=keep_text(self._home, segment_id, next_text))
        put_in_force(self._home, change, text, shipped)
        return change

    def parse(self, text: str, file: str = SENT) -> Segment:
        """The segment of a text.

        Raises:
            BadDefinition: it is none; a flaw with line and column for each thing that is wrong.
        """
        try:
            definition = read_definition(text, file, start_reader_of_day()())
            errors = check_references([definition], [*self.read_in_use().values()], None)
        except SegmentError as error:
            errors = [error]
        if not errors:
            return definition.segment
        flaws = [
            {"line": flaw.line, "column": flaw.column, "message": flaw.message}
            for error in errors
            for flaw in error.flaws
        ]
        raise BadDefinition("\n".join(map(str, errors)), flaws=flaws)


def format_versions(versions: Iterable[Version]) -> list[dict]:
    """Versions, each as `VersionAnswer`."""
    return [
        {
            "version": each.number,
            "digest": each.digest,
            "periods": [{"since": since, "until": until} for since, until in each.periods],
            "is_in_force": each.is_in_force,
        }
        for each in versions
    ]


def find_segment(definitions: Mapping[str, Definition], segment_id: str) -> Segment:
    """
    Raises:
        UnknownSegment: none has this id.
    """
    if segment_id not in definitions:
        raise UnknownSegment(NO_RULE)
    return definitions[segment_id].segment


def get_rules(definitions: Mapping[str, Definition]) -> dict[str, Rule]:
    """The rules of definitions, by id."""
    return {segment_id: each.segment.members for segment_id, each in definitions.items()}

"""Definitions of segments: those of the published night, versions of one, and one that is sent."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

from expectations.contracts.files import FileStamps, read_file_stamps
from expectations.contracts.home import HomePaths
from expectations.contracts.personal import NOTHING_PERSONAL, has_personal_value
from segments.definition_changes import DefinitionChange, hash_text, read_changes
from segments.in_force import get_rules as get_night_rules
from segments.in_force import load_understood
from segments.parsing.definitions import (
    find_nightly_error,
    list_files_in_force,
    make_reader_of_day,
    read_definition,
)
from segments.parsing.documents import read_text
from segments.parsing.flaws import SegmentError
from segments.parsing.learned import load_understood_in_force
from segments.parsing.references import Definition, check_references
from segments.to_sql import DEFINITIONS
from segments.tree.rules import Rule, Segment
from segments.versions import Version, list_files_in_use, list_versions
from serving_app.http.problems import BadDefinition, CannotApply, NotReady, UnknownSegment
from serving_app.segments.saving import change_definitions, keep_text, put_in_force

start_reader_of_day = cache(make_reader_of_day)  # fields and traits come with the code
NO_RULE = "No rule of the published night has this id; who is in a learned segment is a model's word."
SENT = "definition"  # names what was sent in messages
MOST_LETTERS = 300  # of a reason


class Author(NamedTuple):
    """Who changes a definition (a key's id, or somebody's name on this machine), and why."""

    name: str
    reason: str = ""


class Definitions:
    """A home's definitions."""

    def __init__(self, home: Path, shipped: Path = DEFINITIONS) -> None:
        self.home, self._shipped = home, shipped
        self._read: tuple[FileStamps | None, dict[str, Definition]] = (None, {})

    def read_in_use(self) -> dict[str, Definition]:
        """Those by which the published night was made, by id; those in force where that is not known. What is
        not understood is not among them: the night leaves it out too.

        Raises:
            NotReady: none is understood any more.
        """
        files = list_files_in_use(self.home) or self.list_in_force()
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
        files = list_files_in_use(self.home) or []
        return next((read_text(file) for file in files if file.stem == segment_id), None)

    def list_in_force(self) -> list[Path]:
        """The files that the next night reads."""
        return list_files_in_force(self._shipped, HomePaths(self.home).segment_definitions)

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
        return list_versions(self.home, segment_id)

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

    def roll_back(self, segment_id: str, number: int, at: str, author: Author) -> DefinitionChange:
        """Let the next night read an earlier version of a segment's definition.

        Args:
            at: when, ISO, UTC.

        Raises:
            UnknownSegment: it has no such version.
            BadDefinition: the language does not understand it any more.
            CannotApply: the next night reads it already, or the reason is none.
        """
        version = self.find_version(segment_id, number)
        text = read_text(version.file)
        self.parse(text, f"version {number}")
        check_reason(author.reason)
        with change_definitions(self.home) as log:
            if text == self.find_next_text(segment_id):
                raise CannotApply("The next night reads this version already.")
            change = DefinitionChange(at, segment_id, version.digest, number, "", author.name, author.reason)
            return self.put_in_force(log, change, text)

    def put_in_force(self, log: int, change: DefinitionChange, text: str) -> DefinitionChange:
        """Let the next night read a text; the change as it is logged, with what it takes the place of.

        Args:
            log: of `change_definitions`.

        Raises:
            OSError: it cannot be written.
        """
        segment_id = change.segment_id
        next_text, file = self.find_next_text(segment_id), self._shipped / f"{segment_id}.yml"
        shipped = read_text(file) if file.is_file() else None
        change = replace(change, was=hash_text(next_text))
        files = [each.file for each in self.list_versions(segment_id) if each.file.is_file()]
        if next_text not in (None, shipped, *map(read_text, files)):  # no night has a copy of it
            change = replace(change, kept=keep_text(self.home, segment_id, next_text))
        put_in_force(log, self.home, change, text, shipped)
        return change

    def parse(self, text: str, file: str = SENT, *, is_for_a_night: bool = False) -> Segment:
        """The segment of a text.

        Args:
            is_for_a_night: whether a night is to evaluate it.

        Raises:
            BadDefinition: it is none; a flaw with line and column for each thing that is wrong.
            CannotApply: who is in a segment of this id is a model's word.
        """
        try:
            definition = read_definition(text, file, start_reader_of_day()())
            others = self.read_in_use()
            errors = check_references([definition], [*others.values()], None)
            if not errors and is_for_a_night:
                errors = self._find_nightly_errors(definition, others)
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

    def find_meaning(self, text: str) -> Segment | None:
        """The segment of a text; None where it is not understood any more."""
        try:
            return read_definition(text, SENT, start_reader_of_day()()).segment
        except SegmentError:
            return None

    def list_changes(self, segment_id: str | None = None) -> list[DefinitionChange]:
        """Who put which text in force and why, of one segment or of all, the newest first."""
        changes = read_changes(self.home)
        return [each for each in reversed(changes) if segment_id in (None, each.segment_id)]

    def list_waiting(self) -> list[Segment]:
        """The segments of which the next night reads another text than the published one did, by id."""
        in_use = {file.stem: read_text(file) for file in list_files_in_use(self.home) or []}
        if not in_use:
            return []
        texts = {file.stem: read_text(file) for file in self.list_in_force()}
        waiting = [self.find_meaning(text) for name, text in texts.items() if text != in_use.get(name)]
        return [segment for segment in waiting if segment]

    def _find_nightly_errors(
        self, definition: Definition, others: Mapping[str, Definition]
    ) -> list[SegmentError]:
        segment_id = definition.segment.segment_id
        learned, _ = load_understood_in_force(HomePaths(self.home).segment_definitions)
        if segment_id in {each.segment_id for each in learned}:
            raise CannotApply(f"{segment_id} is a learned segment; a rule needs an id of its own.")
        rules = get_night_rules({**others, segment_id: definition})
        error = find_nightly_error(definition, {each.segment_id for each in rules.staying})
        return [error] if error else []


def check_reason(reason: str) -> None:
    """
    Raises:
        CannotApply: it is no reason that may stand in a log.
    """
    if has_personal_value(reason) or not (reason.isprintable() and len(reason) <= MOST_LETTERS):
        raise CannotApply(f"The reason must be one line of {MOST_LETTERS} letters, with {NOTHING_PERSONAL}.")


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

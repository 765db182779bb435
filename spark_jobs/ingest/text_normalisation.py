"""Received text in its normal form, record by record, in plain Python: what readers and re-readers hand to a
transform.

The raw table keeps what was received; transforms see texts as `contracts.text` has them and ids as
`contracts.ids` has them, by the functions that the service asks with. Most values are plain ASCII and pass at
once.
"""

import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from expectations.contracts.countries import NOT_CURRENT
from expectations.contracts.ids import (
    KEY_KINDS,
    MAX_ID_LENGTH,
    NO_ID,
    RECORD_KINDS,
    UPPER,
    ParsedId,
    parse_id,
)
from expectations.contracts.text import is_printable_ascii, normalise_text

if TYPE_CHECKING:
    from spark_jobs.sources.declaration import IdField

ESCAPED = "\\u"  # how JSON writes the controls that no plain text holds
# How a string begins that may be a word for nothing: a document with such an id is looked at closely.
PLACEHOLDER = r"(?i:true|false|null|undefined|nan|none|nil|\[object|\{\{|%%|\$\{|<%|\{%)"
Values = tuple[str | None, ...]


class NormalisedRecord(NamedTuple):
    """A record's values in their normal form; ids that are none are null in it, and told by their path and
    why.

    Attributes:
        flaw: the first that the record cannot do without: it is refused.
        doubt: the first other one, of a person or a session: the record is kept without it.
    """

    values: Values
    flaw: str | None
    doubt: str | None


class NormalisedValue(NamedTuple):
    """As `NormalisedRecord`, of one value."""

    value: str | None
    flaw: str | None = None
    doubt: str | None = None


NO_VALUE = NormalisedValue(None)
RecordNormaliser = Callable[[Values, tuple[str, ...]], NormalisedRecord]
ValueNormaliser = Callable[[str], NormalisedValue]


def make_record_normaliser(columns: Sequence[str], id_fields: Sequence["IdField"]) -> RecordNormaliser:
    """A function of a record's values and its columns of a wrong JSON kind.

    Args:
        columns: the feed's columns, in order.
        id_fields: where its ids stand; a column with ids inside holds JSON.
    """
    readers = [make_value_normaliser([each for each in id_fields if each.column == name]) for name in columns]
    fields = {each.path: each for each in id_fields}

    def normalise(values: Values, wrong_kinds: tuple[str, ...]) -> NormalisedRecord:
        found = [
            NO_VALUE if value is None else read(value) for value, read in zip(values, readers, strict=True)
        ]
        for name in wrong_kinds:
            found[columns.index(name)] = apply_id_flaw(fields[name], ParsedId(None, NO_ID))
        flaw = next((each.flaw for each in found if each.flaw), None)
        return NormalisedRecord(
            tuple(each.value for each in found),
            flaw,
            next((each.doubt for each in found if each.doubt), None),
        )

    return normalise


def make_value_normaliser(id_fields: Sequence["IdField"]) -> ValueNormaliser:
    """What reads a column: one that is an id, a document with ids inside, or a text."""
    if not id_fields:
        return normalise_json_or_text
    return (
        make_document_normaliser(id_fields) if id_fields[0].json_path else partial(normalise_id, id_fields[0])
    )


def normalise_json_or_text(value: str) -> NormalisedValue:
    """A text; in JSON the strings are normalised as they stand."""
    if ESCAPED in value and (document := parse_document(value)) is not None:
        return NormalisedValue(format_document(map_strings(document, normalise_text)))
    return NormalisedValue(value if is_printable_ascii(value) else normalise_text(value))


def normalise_id(field: "IdField", value: object) -> NormalisedValue:
    """An id."""
    return apply_id_flaw(field, parse_id(value, field.kind, field.case))


def apply_id_flaw(field: "IdField", found: ParsedId) -> NormalisedValue:
    """What an id's flaw means for its record, behind the id's path."""
    if not found.flaw:
        return NormalisedValue(found.value)
    told = f"{field.path} {found.flaw}"
    return NormalisedValue(None, flaw=told) if field.kind in KEY_KINDS else NormalisedValue(None, doubt=told)


def make_document_normaliser(id_fields: Sequence["IdField"]) -> ValueNormaliser:
    """What reads JSON with ids inside. Most documents hold plain ones and are not parsed."""
    odd = re.compile(
        "|".join(
            rf'"{re.escape(each.json_path[-1])}":(?!{make_plain_id_pattern(each)}|null)' for each in id_fields
        )
    )

    def read(value: str) -> NormalisedValue:
        if is_printable_ascii(value) and ESCAPED not in value and not odd.search(value):
            return NormalisedValue(value)
        document = parse_document(value)
        if document is None:
            return normalise_json_or_text(value)
        document = map_strings(
            document, str
        )  # its names: an id under `item_id` and a byte-order mark is one all the same
        found = [
            each for field in id_fields for each in normalise_ids_inside(document, field.json_path, field)
        ]
        flaw, doubt = (
            next(filter(None, (getattr(each, name) for each in found)), None) for name in ("flaw", "doubt")
        )
        return NormalisedValue(format_document(map_strings(document, normalise_text)), flaw, doubt)

    return read


def make_plain_id_pattern(field: "IdField") -> str:
    """A pattern of JSON that is the field's normal form for sure."""
    if field.kind == "country":
        return rf'"(?!(?:{"|".join(NOT_CURRENT)})")[A-Z]{{2}}"'
    letters = (
        r"\^_`{-~" if field.case == UPPER else "-~"
    )  # a string's printable ASCII but space, quote and backslash
    word = f"(?!{PLACEHOLDER})" if field.kind in RECORD_KINDS else ""
    return rf'"{word}[!#-\[\]{letters}]{{1,{MAX_ID_LENGTH}}}"|-?\d{{1,{MAX_ID_LENGTH - 1}}}[,}}]'


def normalise_ids_inside(part: Any, names: tuple[str, ...], field: "IdField") -> list[NormalisedValue]:
    """Put the ids of a document that stand under these names into their normal form, and return them."""
    if isinstance(part, list):
        return [found for each in part for found in normalise_ids_inside(each, names, field)]
    if not isinstance(part, dict) or names[0] not in part:
        return []
    if len(names) > 1:
        return normalise_ids_inside(part[names[0]], names[1:], field)
    found = normalise_id(field, part[names[0]])
    part[names[0]] = found.value
    return [found]


def map_strings(part: Any, text: Callable[[str], str]) -> Any:
    """The same JSON, its names in their normal form and its strings as `text` gives them."""
    if isinstance(part, str):
        return text(part)
    if isinstance(part, list):
        return [map_strings(each, text) for each in part]
    if isinstance(part, dict):
        # Of names that meet in their normal form the one that stands in it counts, whatever a look-alike
        # says.
        by_name = sorted(part.items(), key=lambda each: normalise_text(each[0]) == each[0])
        return {normalise_text(name): map_strings(each, text) for name, each in by_name}
    return part


def parse_document(text: str) -> dict | list | None:
    """The JSON object or list; None for any other text."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict | list) else None


def format_document(document: dict | list) -> str:
    """The document as readers leave it."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))

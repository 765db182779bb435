"""Normalises received text, record by record, in plain Python, before a transform gets it.

The raw table keeps texts as received; transforms get texts in the normal form of `contracts.text` and ids in
that of `contracts.ids`, by the functions that the service uses for requests. Most values are plain ASCII and
pass at once.
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
# The beginning of a string that may be a placeholder: a document with such an id is parsed.
PLACEHOLDER = r"(?i:true|false|null|undefined|nan|none|nil|\[object|\{\{|%%|\$\{|<%|\{%)"
Values = tuple[str | None, ...]


class NormalisedRecord(NamedTuple):
    """A record's values in their normal form; an invalid id is null, and named by its path and flaw.

    Attributes:
        flaw: the first invalid id of a kind that the record needs: it is refused.
        doubt: the first other one, of a person or a session: the record goes on without it.
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
    """A function that normalises a record's values, given its columns of a wrong JSON kind.

    Args:
        columns: the feed's columns, in order.
        id_fields: where its ids stand; a column with ids inside holds JSON.
    """
    readers = make_value_normalisers(columns, id_fields)
    fields = {each.path: each for each in id_fields}

    def normalise(values: Values, wrong_kinds: tuple[str, ...]) -> NormalisedRecord:
        normalised = [
            NO_VALUE if value is None else read(value) for value, read in zip(values, readers, strict=True)
        ]
        for name in wrong_kinds:
            normalised[columns.index(name)] = apply_id_flaw(fields[name], ParsedId(None, NO_ID))
        flaw = next((each.flaw for each in normalised if each.flaw), None)
        return NormalisedRecord(
            tuple(each.value for each in normalised),
            flaw,
            next((each.doubt for each in normalised if each.doubt), None),
        )

    return normalise


def make_value_normalisers(columns: Sequence[str], id_fields: Sequence["IdField"]) -> list[ValueNormaliser]:
    """The normaliser of each column."""
    return [make_value_normaliser([each for each in id_fields if each.column == name]) for name in columns]


def make_value_normaliser(id_fields: Sequence["IdField"]) -> ValueNormaliser:
    """The normaliser of a column: of an id, of a document with ids inside, or of a text."""
    if not id_fields:
        return normalise_json_or_text
    return (
        make_document_normaliser(id_fields) if id_fields[0].json_path else partial(normalise_id, id_fields[0])
    )


def normalise_json_or_text(value: str) -> NormalisedValue:
    """A text in its normal form; in JSON each string is normalised."""
    if ESCAPED in value and (document := parse_document(value)) is not None:
        return NormalisedValue(format_document(map_strings(document, normalise_text)))
    return NormalisedValue(value if is_printable_ascii(value) else normalise_text(value))


def normalise_id(field: "IdField", value: object) -> NormalisedValue:
    """An id in its normal form, or its flaw."""
    return apply_id_flaw(field, parse_id(value, field.kind, field.case))


def apply_id_flaw(field: "IdField", parsed: ParsedId) -> NormalisedValue:
    """The value of an id, or its flaw behind its path: of a key kind the record's flaw, else its doubt."""
    if not parsed.flaw:
        return NormalisedValue(parsed.value)
    detail = f"{field.path} {parsed.flaw}"
    return (
        NormalisedValue(None, flaw=detail) if field.kind in KEY_KINDS else NormalisedValue(None, doubt=detail)
    )


def make_document_normaliser(id_fields: Sequence["IdField"]) -> ValueNormaliser:
    """The normaliser of JSON with ids inside. Most documents hold plain ids and are not parsed."""
    odd = compile_odd_id_pattern(id_fields)

    def read(value: str) -> NormalisedValue:
        if is_printable_ascii(value) and ESCAPED not in value and not odd.search(value):
            return NormalisedValue(value)
        document = parse_document(value)
        if document is None:
            return normalise_json_or_text(value)
        # its names: an id under `item_id` and a byte-order mark is one all the same
        document = map_strings(document, str)
        paths = [
            each for field in id_fields for each in normalise_ids_inside(document, field.json_path, field)
        ]
        flaw, doubt = (
            next(filter(None, (getattr(each, name) for each in paths)), None) for name in ("flaw", "doubt")
        )
        return NormalisedValue(format_document(map_strings(document, normalise_text)), flaw, doubt)

    return read


def compile_odd_id_pattern(id_fields: Sequence["IdField"]) -> re.Pattern:
    """A pattern of JSON text with an id that may not be in its normal form."""
    return re.compile(
        "|".join(
            rf'"{re.escape(each.json_path[-1])}":(?!{make_plain_id_pattern(each)}|null)' for each in id_fields
        )
    )


def make_plain_id_pattern(field: "IdField") -> str:
    """A pattern of JSON values that are certainly in the field's normal form."""
    if field.kind == "country":
        return rf'"(?!(?:{"|".join(NOT_CURRENT)})")[A-Z]{{2}}"'
    # a string's printable ASCII but space, quote and backslash
    letters = r"\^_`{-~" if field.case == UPPER else "-~"
    word = f"(?!{PLACEHOLDER})" if field.kind in RECORD_KINDS else ""
    return rf'"{word}[!#-\[\]{letters}]{{1,{MAX_ID_LENGTH}}}"|-?\d{{1,{MAX_ID_LENGTH - 1}}}[,}}]'


def normalise_ids_inside(part: Any, names: tuple[str, ...], field: "IdField") -> list[NormalisedValue]:
    """Put the ids of a document that stand under these names into their normal form, and return them."""
    if isinstance(part, list):
        return [normalised for each in part for normalised in normalise_ids_inside(each, names, field)]
    if not isinstance(part, dict) or names[0] not in part:
        return []
    if len(names) > 1:
        return normalise_ids_inside(part[names[0]], names[1:], field)
    normalised = normalise_id(field, part[names[0]])
    part[names[0]] = normalised.value
    return [normalised]


def map_strings(part: Any, text: Callable[[str], str]) -> Any:
    """The same JSON with names in their normal form and strings mapped by `text`."""
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
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict | list) else None


def format_document(document: dict | list) -> str:
    """The document as compact JSON, as readers write it."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))

"""Received text in its normal form, record by record, in plain Python: what readers and re-readers hand to a transform.

The raw table keeps what was received; transforms see texts as `contracts.text` has them and ids as `contracts.ids` has them, by
the functions that the service asks with. Most values are plain ASCII and pass at once.
"""

import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from expectations.contracts.countries import NOT_CURRENT
from expectations.contracts.ids import MAX_ID_LENGTH, NO_ID, NOTHING, RECORD_KINDS, UPPER, ReadId, read_id
from expectations.contracts.text import is_plain, normalise_text

if TYPE_CHECKING:
    from spark_jobs.ingest.feed import IdField

ESCAPED = "\\u"  # how JSON writes the controls that no plain text holds
# How a string begins that may be a word for nothing: a document with such an id is looked at closely.
WORD = r"(?i:true|false|null|undefined|nan|none|nil|\[object|\{\{|%%|\$\{|<%|\{%)"
Values = tuple[str | None, ...]
Normalise = Callable[[Values, tuple[str, ...]], tuple[Values, str | None]]
Reader = Callable[[str], ReadId]


def normaliser(columns: Sequence[str], ids: Sequence["IdField"]) -> Normalise:
    """A function of a record's values and its columns of a wrong JSON kind.

    It gives the values in their normal form, and of the first id that is none, its path and why; such an id is null.

    Args:
        columns: the feed's columns, in order.
        ids: where its ids stand; a column with ids inside holds JSON.
    """
    readers = [reader_of([each for each in ids if each.column == name]) for name in columns]

    def normalise(values: Values, wrong_kinds: tuple[str, ...]) -> tuple[Values, str | None]:
        found = [NOTHING if value is None else read(value) for value, read in zip(values, readers, strict=True)]
        for name in wrong_kinds:
            found[columns.index(name)] = ReadId(None, f"{name} {NO_ID}")
        return tuple(each.value for each in found), next((each.flaw for each in found if each.flaw), None)

    return normalise


def reader_of(ids: Sequence["IdField"]) -> Reader:
    """What reads a column: one that is an id, a document with ids inside, or a text."""
    if not ids:
        return read_text
    return document_reader(ids) if ids[0].inside else partial(read_field, ids[0])


def read_text(value: str) -> ReadId:
    """A text; in JSON the strings are normalised as they stand."""
    if ESCAPED in value and (document := parsed(value)) is not None:
        return ReadId(written(mapped(document, normalise_text)))
    return ReadId(value if is_plain(value) else normalise_text(value))


def read_field(field: "IdField", value: object) -> ReadId:
    """An id, its flaw behind its path."""
    found = read_id(value, field.kind, field.case)
    return found._replace(flaw=f"{field.path} {found.flaw}") if found.flaw else found


def document_reader(fields: Sequence["IdField"]) -> Reader:
    """What reads JSON with ids inside. Most documents hold plain ones and are not parsed."""
    odd = re.compile("|".join(rf'"{re.escape(each.inside[-1])}":(?!{plain(each)}|null)' for each in fields))

    def read(value: str) -> ReadId:
        if is_plain(value) and ESCAPED not in value and not odd.search(value):
            return ReadId(value)
        document = parsed(value)
        if document is None:
            return read_text(value)
        document = mapped(document, str)  # its names: an id under `item_id` and a byte-order mark is one all the same
        flaws = [flaw for field in fields for flaw in normalise_inside(document, field.inside, field)]
        return ReadId(written(mapped(document, normalise_text)), next(iter(flaws), None))

    return read


def plain(field: "IdField") -> str:
    """A pattern of JSON that is the field's normal form for sure."""
    if field.kind == "country":
        return rf'"(?!(?:{"|".join(NOT_CURRENT)})")[A-Z]{{2}}"'
    letters = r"\^_`{-~" if field.case == UPPER else "-~"  # a string's printable ASCII but space, quote and backslash
    word = f"(?!{WORD})" if field.kind in RECORD_KINDS else ""
    return rf'"{word}[!#-\[\]{letters}]{{1,{MAX_ID_LENGTH}}}"|-?\d{{1,{MAX_ID_LENGTH - 1}}}[,}}]'


def normalise_inside(part: Any, names: tuple[str, ...], field: "IdField") -> list[str]:
    """Put the ids of a document that stand under these names into their normal form; the flaws of those that are none."""
    if isinstance(part, list):
        return [flaw for each in part for flaw in normalise_inside(each, names, field)]
    if not isinstance(part, dict) or names[0] not in part:
        return []
    if len(names) > 1:
        return normalise_inside(part[names[0]], names[1:], field)
    found = read_field(field, part[names[0]])
    part[names[0]] = found.value
    return [found.flaw] if found.flaw else []


def mapped(part: Any, text: Callable[[str], str]) -> Any:
    """The same JSON, its names in their normal form and its strings as `text` gives them."""
    if isinstance(part, str):
        return text(part)
    if isinstance(part, list):
        return [mapped(each, text) for each in part]
    if isinstance(part, dict):
        return {normalise_text(name): mapped(each, text) for name, each in part.items()}
    return part


def parsed(text: str) -> dict | list | None:
    """The JSON object or list; None for any other text."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict | list) else None


def written(document: dict | list) -> str:
    """The document as readers leave it."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))

"""Normalises many records at once, column by column, with the values that `text_normalisation` gives each.

A column is joined into one text and looked at as a whole, by a few passes in C: where nothing in it can
differ from its normal form it stays as it is. Else each distinct value is normalised once.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from typing import TYPE_CHECKING

from expectations.contracts.ids import MAX_ID_LENGTH, RECORD_KINDS, UPPER
from spark_jobs.ingest.text_normalisation import (
    ESCAPED,
    NO_VALUE,
    PLACEHOLDER,
    NormalisedRecord,
    NormalisedValue,
    ValueNormaliser,
    Values,
    compile_odd_id_pattern,
    make_record_normaliser,
    make_value_normalisers,
)

if TYPE_CHECKING:
    from spark_jobs.sources.declaration import IdField

PLACEHOLDER_LINE = re.compile(PLACEHOLDER.replace("(?i:", "(?im:^(?:", 1) + ")")
# Values of a column, and their characters: anybody may send 100,000 events of 32 KB.
MAX_REMEMBERED = 100_000
MAX_REMEMBERED_CHARACTERS = 32 << 20
NormalisedColumns = tuple[list[Values], list[str | None], list[str | None]]
ColumnNormaliser = Callable[[Sequence[Values | None], Sequence[str | None]], NormalisedColumns]


class RememberedValues(dict[str | None, NormalisedValue]):
    """The normal form of a column's values that were met, within bounds."""

    n_characters = 0

    def look_up(self, column: Values, read: ValueNormaliser) -> list[NormalisedValue]:
        """Each value's normal form; a value that is not remembered is read once."""
        if len(self) > MAX_REMEMBERED or self.n_characters > MAX_REMEMBERED_CHARACTERS:
            self.clear()
            self.n_characters = 0
        for value in set(column) - self.keys():
            self[value] = NO_VALUE if value is None else read(value)
            self.n_characters += len(value or "")
        return [self[value] for value in column]


def make_column_normaliser(columns: Sequence[str], id_fields: Sequence["IdField"]) -> ColumnNormaliser:
    """A function of records' values (None where a record has none) and wrong kinds (joined by commas): their
    values in their normal form, column by column, and each record's flaw and doubt.
    """
    normalise_record = make_record_normaliser(columns, id_fields)
    readers = make_value_normalisers(columns, id_fields)
    plain_checks = [make_plain_check([each for each in id_fields if each.column == name]) for name in columns]
    # Whole files name the same values day after day.
    memories = [RememberedValues() for _ in columns]
    nothing = NormalisedRecord((None,) * len(columns), None, None)

    def normalise_one_by_one(
        rows: Sequence[Values | None], wrong_kinds: Sequence[str | None]
    ) -> NormalisedColumns:
        normalised = [
            nothing if row is None else normalise_record(row, tuple(kinds.split(",")) if kinds else ())
            for row, kinds in zip(rows, wrong_kinds, strict=True)
        ]
        return (
            transpose_rows([each.values for each in normalised], len(columns)),
            [each.flaw for each in normalised],
            [each.doubt for each in normalised],
        )

    def normalise(rows: Sequence[Values | None], wrong_kinds: Sequence[str | None]) -> NormalisedColumns:
        if any(wrong_kinds):
            return normalise_one_by_one(rows, wrong_kinds)
        flaws: list[str | None] = [None] * len(rows)
        doubts: list[str | None] = [None] * len(rows)
        normal = []
        received = transpose_rows([nothing.values if row is None else row for row in rows], len(columns))
        for column, read, is_plain, memory in zip(received, readers, plain_checks, memories, strict=True):
            if is_plain(column):
                normal.append(column)
                continue
            values = memory.look_up(column, read)
            normal.append(tuple([each.value for each in values]))
            # The first column's word counts, as in a single record.
            flaws = [flaw or each.flaw for flaw, each in zip(flaws, values, strict=True)]
            doubts = [doubt or each.doubt for doubt, each in zip(doubts, values, strict=True)]
        return normal, flaws, doubts

    return normalise


def transpose_rows(rows: Sequence[Values], n_columns: int) -> list[Values]:
    """Rows turned into `n_columns` columns, which are empty when there is no row."""
    return list(zip(*rows, strict=True)) if rows else list(repeat((), n_columns))


def make_plain_check(id_fields: Sequence["IdField"]) -> Callable[[Iterable[str | None]], bool]:
    """A function of a column: whether every value is certainly in its normal form, and every id one."""
    field = id_fields[0] if id_fields else None
    odd = compile_odd_id_pattern(id_fields) if field and field.json_path else None

    def is_plain(column: Iterable[str | None]) -> bool:
        values = [value for value in column if value is not None]
        text = "\n".join(values)
        if not text.isascii() or ESCAPED in text:
            return False
        if text.count("\n") >= max(len(values), 1) or not text.replace("\n", "").isprintable():
            return False
        if field is None:
            return True
        return not odd.search(text) if odd else holds_plain_ids(values, text, field)

    return is_plain


def holds_plain_ids(values: Sequence[str], text: str, field: "IdField") -> bool:
    """Whether values of printable ASCII are ids of the field in their normal form.

    Args:
        text: the values, one a line.
    """
    if not values:
        return True
    if field.kind == "country" or " " in text or not all(values) or max(map(len, values)) > MAX_ID_LENGTH:
        return False
    if field.kind == "email" and text != text.lower():
        return False
    if field.case == UPPER and text != text.upper():
        return False
    return field.kind not in RECORD_KINDS or not PLACEHOLDER_LINE.search(text)

"""Parts records whose values are plain from all others: a feed's `plain_typer` types them at once, in Python,
as its transform would on Spark. Most records of a shop's programs are.
"""

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.sources.plain_typing import Columns

if TYPE_CHECKING:
    from spark_jobs.sources.declaration import Feed, SourceContext

# Records of whole files, which name the same ones day after day, and characters of their values.
MAX_REMEMBERED = 200_000
MAX_REMEMBERED_CHARACTERS = 64 << 20
# Columns of a typed record that a plain one has no value in: it is accepted, and quarantine has its text.
EMPTY_COLUMNS = ("reason", "detail", "_doubt", "id_doubt", "wrong_kinds", "raw_text")
OF_TYPING = ("_position", "_last_date")
PLACE_COLUMNS = ("source_file", "source_line", "delivery_id", "first_received", "is_repeat")


class SplitBatch(NamedTuple):
    """Records of one file.

    Attributes:
        plain: rows of the plain ones, typed.
        odd: the others as they were read.
        raw: both as received, where they could be read, in the columns of the raw table.
    """

    plain: pa.RecordBatch
    odd: pa.RecordBatch
    raw: pa.RecordBatch


class PlainRecords:
    """Parts the records of a feed; remembers typed records of whole files."""

    def __init__(self, feed: "Feed", context: "SourceContext") -> None:
        self.feed = feed
        self.type_columns = feed.plain_typer(feed.columns, context)
        self.rows = self.type_columns([()] * len(feed.columns))  # remembered ones
        self.row_of: dict[tuple[str | None, ...], int | None] = {}  # None: that record is not plain
        self.n_characters = 0  # of what is remembered

    def split(self, batch: pa.RecordBatch, normal: Columns, landing_date: date) -> SplitBatch:
        """Part a batch.

        Args:
            batch: as `make_arrow_batch` gives it, of records that landed on that day.
            normal: their values in their normal form, by column.
        """
        is_readable = pc.and_(batch.column("has_values"), pc.is_null(batch.column("reason")))
        for name in ("id_doubt", "wrong_kinds"):
            is_readable = pc.and_(is_readable, pc.is_null(batch.column(name)))
        readable = np.flatnonzero(is_readable.to_numpy(zero_copy_only=False))
        if len(readable) < batch.num_rows:
            normal = [[column[number] for number in readable.tolist()] for column in normal]
        typed = self._type_whole_file(normal) if self.feed.is_full_export else self.type_columns(normal)
        # What has not happened yet when the file landed is refused today; tomorrow it may not be.
        latest = pa.scalar(landing_date + timedelta(1), pa.date32())
        typed = typed.filter(pc.less_equal(typed.column("_last_date"), latest))
        positions = readable[typed.column("_position").to_numpy()]
        is_odd = np.ones(batch.num_rows, dtype=bool)
        is_odd[positions] = False
        return SplitBatch(
            add_place(typed, batch, pa.array(positions)),
            batch.filter(pa.array(is_odd)),
            select_raw_rows(batch, self.feed),
        )

    def _type_whole_file(self, normal: Columns) -> pa.RecordBatch:
        """As `type_columns`, each record once; a record of a whole file is one row."""
        records = list(zip(*normal, strict=True))
        new = list(dict.fromkeys(record for record in records if record not in self.row_of))
        if new:
            if (
                len(self.row_of) + len(new) > MAX_REMEMBERED
                or self.n_characters + count_characters(new) > MAX_REMEMBERED_CHARACTERS
            ):
                self.row_of, self.rows, self.n_characters = {}, self.rows.slice(0, 0), 0
                new = list(dict.fromkeys(records))
            self.n_characters += count_characters(new)
            typed = self.type_columns(list(zip(*new, strict=True)))
            self.row_of.update(dict.fromkeys(new))
            for row, position in enumerate(typed.column("_position").to_pylist(), start=self.rows.num_rows):
                self.row_of[new[position]] = row
            self.rows = pa.concat_batches([self.rows, typed])
        rows = pa.array([self.row_of[record] for record in records], pa.int64())
        positions = np.flatnonzero(rows.is_valid().to_numpy(zero_copy_only=False))
        typed = self.rows.take(rows.drop_null())
        return typed.set_column(
            typed.schema.get_field_index("_position"), "_position", pa.array(positions, pa.int32())
        )


def count_characters(records: list[tuple[str | None, ...]]) -> int:
    """How many characters the records' values have."""
    return sum(len(value) for record in records for value in record if value)


def add_place(typed: pa.RecordBatch, batch: pa.RecordBatch, taken: pa.Array) -> pa.RecordBatch:
    """The typed rows with where each came from.

    Args:
        taken: whose rows they are, by position in the batch.
    """
    n, names = typed.num_rows, [name for name in typed.schema.names if name not in OF_TYPING]
    return pa.RecordBatch.from_pydict(
        {
            **{name: batch.column(name).take(taken) for name in PLACE_COLUMNS},
            "landing_date": batch.column("landing_date").take(taken).cast(pa.date32()),
            **{name: pa.nulls(n, pa.string()) for name in EMPTY_COLUMNS},
            **{name: typed.column(name) for name in names},
        }
    )


def select_raw_rows(batch: pa.RecordBatch, feed: "Feed") -> pa.RecordBatch:
    """The records that could be read, as the raw table keeps them."""
    readable = batch.filter(batch.column("has_values"))
    received = {
        name: pc.coalesce(readable.column(f"received_{name}"), readable.column(f"raw_{name}"))
        for name in feed.columns
    }
    places = {name: readable.column(name) for name in ("source_file", "source_line", "delivery_id")}
    landed = {"landing_date": readable.column("landing_date").cast(pa.date32())}
    return pa.RecordBatch.from_pydict(
        {**received, **places, **landed, "wrong_kinds": readable.column("wrong_kinds")}
    )

"""How a source is declared: where its files come from, what a file holds, and what a record becomes.

A source is one file in `spark_jobs/ingest/sources/` that ends in `SOURCE = Source(…)`; nothing else knows its
format.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from expectations.contracts.ids import AS_GIVEN
from expectations.contracts.item_rules import BY_DEFAULT, ItemRuleNames
from expectations.contracts.raw_tables import define_raw_table
from expectations.contracts.tables import Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from spark_jobs.sources.plain_typing import PlainTyperMaker


class Record(NamedTuple):
    """One record as it stands in a file: either its values, or the reason why it has none."""

    line: int  # from 1, the line it stands on
    raw_text: str
    values: tuple[str | None, ...] | None = None  # in the order of the feed's columns
    reason: str | None = None
    detail: str | None = None
    wrong_kinds: tuple[str, ...] = ()  # columns of ids that hold another kind of JSON value


class IdField(NamedTuple):
    """Where a feed's records hold an id.

    Attributes:
        kind: what it names, as in `contracts.ids`: a person, an order, an item, a country.
        path: a column; or names inside a column of JSON, such as `properties.products.product_id`, through
            lists as well.
        case: what its source says of letter case.
    """

    kind: str
    path: str
    case: str = AS_GIVEN

    @property
    def column(self) -> str:
        """The column it stands in."""
        return self.path.split(".")[0]

    @property
    def json_path(self) -> tuple[str, ...]:
        """The names that lead to it inside its column; none when the column is the id."""
        return tuple(self.path.split(".")[1:])


@dataclass(frozen=True)
class SourceContext:
    """What a transform gets beside its rows."""

    source: str
    time_zone: str  # of times that name none, and of the shop's days
    identity_key: str = field(repr=False)


class IdentifierColumn(NamedTuple):
    """A column of a typed frame that holds a person's or a browser's identifier, and the column of the time
    at which it was seen.
    """

    kind: str
    column: str
    seen_at: str


@dataclass(frozen=True)
class Feed:
    """One kind of file of a source.

    Attributes:
        entity: folder under `landing/<source>/` and last word of `raw_<source>__<entity>`.
        file_pattern: which files of a day's folder are its, as a glob.
        columns: the columns as received.
        read_records: an open file → its records, in order and as it is read; never raises for what the bytes
            hold.
        transform: adds to a frame of received records (`raw`, a struct of `columns`, texts and ids in their
            normal form, then where each came from and `first_received`) the target's columns, `reason` and
            `detail` (null: accepted), and the columns that `identifiers` names. A record that becomes several
            rows numbers them from 1 in a column `_row_no`. A column `_doubt` says what of an accepted record
            could not be read: it is kept, and stands in quarantine besides.
        target: the table its records become rows of.
        id_fields: where its records hold ids; a transform sees them in their normal form. One that is none is
            null: an id of the record itself, an order or an item refuses the record; of a person or a session
            the record stands in quarantine besides.
        newest_wins: of two records with one key the later received is the truth (snapshots); else the first
            received.
        is_full_export: the files of a landing day hand over all there is: what they do not name has ended.
            The target has `ended_on`.
        ended_values: of a full export, columns that an ended row holds other values in, as SQL over its last
            row, `ended_on` and `_ended_at`, the moment that day began.
        position_column: a column of the target's key that holds a record's position among those of its
            delivery that are equal in the rest of the key. It goes on over deliveries: a later file adds,
            unless it supersedes an earlier one.
        max_refused_share: the most of a file, or of a landing day's files, that may be refused before the
            step fails.
        is_public: anyone can send such records, so whoever fills a quiet hour with rubbish must not stop a
            run: the step fails only for a landing day of which nothing is accepted.
        is_prechecked: the service judged each record before it wrote it down, so that how many are refused
            says what was sent, nothing of the file: the step never fails for it.
        earliest_columns: columns of the target that keep the smallest value any record of the key had.
        record_key: for records that become several rows, SQL over the target that gives the record's key.
        identifiers: which columns hold identifiers of persons and browsers.
    """

    entity: str
    file_pattern: str
    columns: tuple[str, ...]
    read_records: Callable[[BinaryIO], Iterator[Record]]
    transform: "Callable[[DataFrame, SourceContext], DataFrame]"
    target: Table
    newest_wins: bool = False
    is_full_export: bool = False
    position_column: str | None = None
    max_refused_share: float = 0.5
    is_public: bool = False
    is_prechecked: bool = False
    ended_values: Mapping[str, str] = field(default_factory=dict)
    earliest_columns: tuple[str, ...] = ()
    record_key: str | None = None
    identifiers: tuple[IdentifierColumn, ...] = ()
    id_fields: tuple[IdField, ...] = ()

    def __post_init__(self) -> None:
        undeclared = {each.kind for each in self.identifiers} - {each.kind for each in self.id_fields}
        if undeclared:
            raise ValueError(
                f"feed {self.entity} lists identifiers of {', '.join(sorted(undeclared))} and declares no id"
                " field of that kind"
            )

    @property
    def plain_typer(self) -> "PlainTyperMaker | None":
        """What types its plain records, where its transform names one (`typed_plainly_by`)."""
        return getattr(self.transform, "plain_typer", None)

    @property
    def record_key_sql(self) -> str:
        """SQL over the target that is equal for rows of records that say the same thing."""
        return self.record_key or f"struct({', '.join(self.target.key)})"


@dataclass(frozen=True)
class DerivedTable:
    """A table derived from the accepted records of one feed, beside the feed's own.

    Attributes:
        target: the table.
        entity: the feed.
        derive_rows: accepted records (in the feed's target columns and more), and the rows of
            `compared_table` before them (None: there were none) → rows, one a key. Where it looks at those,
            what a full export ended is among the records.
        compared_table: the table whose former rows `derive_rows` looks at. When an earlier attempt was cut
            off, that table may hold what it wrote, and all records of the feed are looked at instead.
        reads_target: `derive_rows` gets the source's rows of the feed's own table, as they are after its
            records came in, instead of accepted records; they are the same in any order of runs.
        update_condition: SQL over `new` and `old` that a row must meet to replace one of the same key.
        includes_refused: `derive_rows` gets the refused records too, told apart by their `reason`.
    """

    target: Table
    entity: str
    derive_rows: "Callable[[DataFrame, DataFrame | None], DataFrame]"
    compared_table: Table | None = None
    reads_target: bool = False
    update_condition: str = "true"
    includes_refused: bool = False


class SharedFolder(NamedTuple):
    """The shop puts a day's file into a folder of its own, `CONCIERGE_LANDING_FROM`; `land` copies it from
    there.
    """

    entity: str
    file_name: str  # with {day}
    may_skip_days: bool  # a day without a file is a day the shop was closed, not a gap


class GeneratorProgram(NamedTuple):
    """A program writes the days that are asked for."""

    module: str


class ServiceLog(NamedTuple):
    """A log that the service writes, in a folder of `serving/`; finished files are moved."""

    entity: str
    folder: str
    time_field: str  # of a record: when the service wrote it; the newest decides a file's landing date
    is_awaited: bool = False  # whether `land` waits for files of past days that are still being written
    has_topic: bool = False  # whether its records come by a topic where the settings say so


@dataclass(frozen=True)
class Source:
    """One system that hands over files.

    Attributes:
        name: the folder under `landing/`; the source of every row it gives.
        time_zone: the shop's, as `Europe/London`: of times that name none, and of the days in `<event>_date`.
            None: that of the home's other sources.
        catalogue: whose item ids it uses; sources of one home share one. None: it names no items of its own.
        item_case: what its catalogue says of letter case in item ids, as in `contracts.ids`.
        origin: where its files come from; None: the shop puts them into landing itself.
        feeds: its kinds of file.
        derived_tables: tables derived from its accepted records.
        item_rule_names: which attributes of its catalogue say whom an item may be shown to.
    """

    name: str
    time_zone: str | None
    catalogue: str | None
    origin: SharedFolder | GeneratorProgram | ServiceLog | None
    feeds: tuple[Feed, ...]
    derived_tables: tuple[DerivedTable, ...] = ()
    item_case: str = AS_GIVEN
    item_rule_names: ItemRuleNames = BY_DEFAULT

    def __post_init__(self) -> None:
        items = {each.case for feed in self.feeds for each in feed.id_fields if each.kind == "item_id"}
        if items - {self.item_case}:
            raise ValueError(
                f"source {self.name}: item ids are read in another letter case than"
                f" item_case={self.item_case!r}"
            )

    def find_feed(self, entity: str) -> Feed:
        """The feed of that entity."""
        return next(feed for feed in self.feeds if feed.entity == entity)

    def raw_table(self, feed: Feed) -> Table:
        """The contract of the feed's raw table."""
        return define_raw_table(self.name, feed.entity, feed.columns)

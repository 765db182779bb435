"""How a source declares itself: who lands its files, what a file holds, and what a record becomes.

A source is one file in `spark_jobs/ingest/sources/` that ends in `SOURCE = Source(…)`; nothing else knows its
format.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from expectations.contracts.ids import AS_GIVEN
from expectations.contracts.raw_tables import define_raw_table
from expectations.contracts.tables import Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


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
    def inside(self) -> tuple[str, ...]:
        """The names that lead to it inside its column; none when the column is the id."""
        return tuple(self.path.split(".")[1:])


@dataclass(frozen=True)
class Context:
    """What a transform is told beside its rows."""

    source: str
    time_zone: str  # of times that name none, and of the shop's days
    identity_key: str = field(repr=False)


class Sighting(NamedTuple):
    """A column of a typed frame that holds a person's or a browser's identifier, and the column that says
    when it was seen.
    """

    kind: str
    column: str
    at: str


@dataclass(frozen=True)
class Feed:
    """One kind of file of a source.

    Attributes:
        entity: folder under `landing/<source>/` and last word of `raw_<source>__<entity>`.
        pattern: which files of a day's folder are its, as a glob.
        columns: the columns as received.
        read: an open file → its records, in order and as it is read; never raises for what the bytes say.
        transform: adds to a frame of received records (`raw`, a struct of `columns`, texts and ids in their
            normal form, then where each came from and `first_received`) the target's columns, `reason` and
            `detail` (null: accepted), and columns that sightings name. A record that becomes several rows
            numbers them from 1 in a column `_part`. A column `_doubt` says of an accepted record what of it
            could not be read: it is kept, and stands in quarantine besides.
        target: the table its records become rows of.
        ids: where its records hold ids; a transform sees them in their normal form. One that is none is null:
            of the record itself, an order or an item it refuses the record, of a person or a session the
            record stands in quarantine besides.
        newest_wins: of two records with one key the later received is the truth (snapshots); else the first
            received.
        whole: the files of a landing day hand over all there is: what they do not name has ended. The target
            has `ended_on`.
        when_ended: of a whole feed, columns that an ended row holds other values in, as SQL over its last
            row, `ended_on` and `_ended_at`, the moment that day began.
        position: a column of the target's key that holds a record's position among those of its delivery that
            are equal in the rest of the key. It goes on over deliveries: a later file adds, unless it takes
            an earlier one's place.
        refused_share: the most of a file, or of a landing day's files, that may be refused before the step
            fails.
        is_public: anyone can send such records, so whoever fills a quiet hour with rubbish must not stop a
            night: the step fails only for a landing day of which nothing is accepted.
        earliest: columns of the target that keep the smallest value any record of the key had.
        record: for records that become several rows, SQL over the target that gives the record's key.
        sightings: where its records name persons and browsers.
    """

    entity: str
    pattern: str
    columns: tuple[str, ...]
    read: Callable[[BinaryIO], Iterator[Record]]
    transform: "Callable[[DataFrame, Context], DataFrame]"
    target: Table
    newest_wins: bool = False
    whole: bool = False
    position: str | None = None
    refused_share: float = 0.5
    is_public: bool = False
    when_ended: Mapping[str, str] = field(default_factory=dict)
    earliest: tuple[str, ...] = ()
    record: str | None = None
    sightings: tuple[Sighting, ...] = ()
    ids: tuple[IdField, ...] = ()

    def __post_init__(self) -> None:
        undeclared = {each.kind for each in self.sightings} - {each.kind for each in self.ids}
        if undeclared:
            raise ValueError(
                f"feed {self.entity} sights {', '.join(sorted(undeclared))} and declares no id of that kind"
            )

    @property
    def record_key(self) -> str:
        """SQL over the target that is equal for rows of records that say the same thing."""
        return self.record or f"struct({', '.join(self.target.key)})"


@dataclass(frozen=True)
class Derivation:
    """A table made of accepted records of one feed beside the feed's own.

    Attributes:
        target: the table.
        entity: the feed.
        make: accepted records (in the feed's target columns and more), and the rows of `compared_with` as
            they were before them (None: there were none) → rows, one a key. Where it looks at those, what a
            whole feed ended is among the records.
        compared_with: the table whose former rows `make` looks at. When an earlier attempt was cut off, that
            one may hold what it wrote, and all records of the feed are looked at instead.
        reads_target: `make` gets the source's rows of the feed's own table, as they are after its records
            came in, instead of accepted records; they are the same in any order of nights.
        update_when: SQL over `new` and `old` that a row must meet to replace one of the same key.
        hears_refused: `make` gets the refused records too, told apart by their `reason`.
    """

    target: Table
    entity: str
    make: "Callable[[DataFrame, DataFrame | None], DataFrame]"
    compared_with: Table | None = None
    reads_target: bool = False
    update_when: str = "true"
    hears_refused: bool = False


class Folder(NamedTuple):
    """The shop puts a day's file into a folder of its own, `CONCIERGE_LANDING_FROM`; `land` copies it from
    there.
    """

    entity: str
    file_name: str  # with {day}
    closed_without_file: bool  # a day without a file is a day the shop was closed, not a gap


class Program(NamedTuple):
    """A program writes the days that are asked for."""

    module: str


class DecisionLog(NamedTuple):
    """The service's own log; finished files are moved."""

    entity: str


@dataclass(frozen=True)
class Source:
    """One system that hands over files.

    Attributes:
        name: the folder under `landing/`; the source of every row it gives.
        time_zone: the shop's, as `Europe/London`: of times that name none, and of the days in `<event>_date`.
            None: that of the home's other sources.
        catalogue: whose item ids it uses; sources of one home share one. None: it names no items of its own.
        item_case: what its catalogue says of letter case in item ids, as in `contracts.ids`.
        delivery: how its files come into landing; None: it puts them there itself.
        feeds: its kinds of file.
        derivations: tables made of its accepted records as a whole.
    """

    name: str
    time_zone: str | None
    catalogue: str | None
    delivery: Folder | Program | DecisionLog | None
    feeds: tuple[Feed, ...]
    derivations: tuple[Derivation, ...] = ()
    item_case: str = AS_GIVEN

    def __post_init__(self) -> None:
        items = {each.case for feed in self.feeds for each in feed.ids if each.kind == "item_id"}
        if items - {self.item_case}:
            raise ValueError(
                f"source {self.name}: item ids are read in another letter case than"
                f" item_case={self.item_case!r}"
            )

    def feed(self, entity: str) -> Feed:
        """The feed of that entity."""
        return next(feed for feed in self.feeds if feed.entity == entity)

    def raw(self, feed: Feed) -> Table:
        """The contract of the feed's raw table."""
        return define_raw_table(self.name, feed.entity, feed.columns)

"""One run's intake of one feed: its new deliveries into the raw table, quarantine and the core table, each
record accounted for.

Most nights add to what is held. Two things cannot be decided by looking at the new records alone, and then
the core table's rows of the source are made anew from all records that count: a file that takes another one's
place (what it no longer says must go; so must what a run wrote that was cut off), and an older snapshot that
comes after a newer one, or a second part of one.
"""

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.tables import Table
from spark_jobs.ingest import dedupe
from spark_jobs.ingest.absent_records import WholeDay, endings, whole_days
from spark_jobs.ingest.deliveries import Delivery, Manifest, Taken
from spark_jobs.ingest.delivery_counts import Counts, count
from spark_jobs.ingest.file_messages import note_files, note_whole_days
from spark_jobs.ingest.formats import has_at_most
from spark_jobs.ingest.line_numbers import number_on, repeated_files
from spark_jobs.ingest.read_files import BAD_ID, read, reread
from spark_jobs.lake.tables import Lake, WriteResult
from spark_jobs.run.context import TableReport
from spark_jobs.sources.declaration import Context, Feed, Source

PLACE = ("source_file", "source_line", "delivery_id", "landing_date")
# What is carried through the driver, as it stands in the files, unpacked: records of a kilobyte or of a
# hundred bytes.
SMALL_BYTES = 40 << 20
SMALL_RECORDS = 50_000
DOUBT = "bad_value"  # the reason code of what stands in quarantine besides
EARLIER = "new.first_received < old.first_received"


class FeedIntake:
    """Takes in the new deliveries of one feed. `reports` and `taken` are complete after `run`."""

    def __init__(self, lake: Lake, told: Context, manifest: Manifest, source: Source, feed: Feed) -> None:
        self.lake, self.told, self.manifest, self.source, self.feed = lake, told, manifest, source, feed
        self.deliveries: list[Delivery] = []
        self.anew = False
        self.is_repeated = False  # an earlier attempt was cut off: tables may hold what these deliveries said
        self.reports: list[TableReport] = []
        self.taken: list[Taken] = []
        self.days_named: list[WholeDay] = []  # of a whole feed, those looked at in this run
        self.endings: DataFrame | None = None  # of a whole feed, what they ended

    def run(self, deliveries: list[Delivery]) -> None:
        """Deliveries → raw, quarantine, core."""
        feed, lake, self.deliveries = self.feed, self.lake, deliveries
        self.is_repeated = bool(
            self.manifest.begun_earlier & {delivery.delivery_id for delivery in deliveries}
        )
        self.anew = self._needs_all()
        self.before = {table.name: lake.version(table) for table in (feed.target, *self._compared())}
        typed = self._typed(read(lake.spark, feed, deliveries))
        self.is_small = are_small(deliveries)
        # What was typed is used a dozen times. A small night is typed once and carried as rows: planning its
        # long derivation anew for each use would cost ten times what there is to do.
        self.typed = lake.spark.createDataFrame(typed.toArrow()) if self.is_small else typed.persist()
        self.accepted = self._numbered(
            self.typed.where("reason is null"), self.held(feed.target) if feed.position else None
        )
        counts = self.counts = count(self.typed, self.accepted, feed)
        self._log_received()
        if feed.whole:
            self._find_endings()
        written, n_new = self._anew() if self.anew else self._added(counts)
        n_lost = counts.n_accepted - n_new + written.n_kept
        self._report(
            feed.target.name,
            written,
            n_received=counts.n_received,
            n_quarantined=counts.n_quarantined,
            **{"n_superseded" if feed.newest_wins else "n_duplicate": n_lost},
            detail=self._detail(counts, written),
        )
        n_keys = counts.keys_by_delivery
        self.taken = [
            Taken(
                each,
                counts.by_delivery.get(each.delivery_id, 0),
                n_keys.get(each.delivery_id, 0) if feed.whole else None,
            )
            for each in deliveries
        ]

    def all_accepted(self) -> DataFrame:
        """All accepted records of the feed that count, the new ones among them, read back from
        its raw table.
        """
        return self._numbered(self.all_typed().where("reason is null"), None)

    def all_typed(self) -> DataFrame:
        """As `all_accepted`, with the refused records that could be parsed."""
        counting = self.manifest.counting(self.source, self.feed, self.deliveries)
        if not counting:
            return self._typed(reread(self.lake.read(self.source.raw(self.feed)).limit(0), self.feed))
        ids = self.lake.spark.createDataFrame([(each,) for each in sorted(counting)], "delivery_id string")
        raw = self.lake.read(self.source.raw(self.feed)).join(F.broadcast(ids), "delivery_id", "left_semi")
        return self._typed(reread(raw, self.feed))

    def with_endings(self, records: DataFrame) -> DataFrame:
        """Accepted records, and rows of what whole files ended since."""
        return (
            records if self.endings is None else records.unionByName(self.endings, allowMissingColumns=True)
        )

    def _known(self) -> list[dict]:
        """The manifest's rows of the feed's deliveries that count beside the new ones."""
        not_known = {each.supersedes for each in self.deliveries} | {
            each.delivery_id for each in self.deliveries
        }
        return [
            row
            for row in self.manifest.current(self.source, self.feed).values()
            if row["delivery_id"] not in not_known
        ]

    def _find_endings(self) -> None:
        new = [
            (each.place, self.counts.keys_by_delivery.get(each.delivery_id, 0)) for each in self.deliveries
        ]
        # A home of an earlier version did not count what its files name.
        before = [
            (place(row), row["n_records"] if row["n_keys"] is None else row["n_keys"])
            for row in self._known()
        ]
        every = whole_days(before + new)
        self.days_named = every if self.anew else [day for day in every if day.day >= self.days[0]]
        typed, held = (self.all_typed(), None) if self.anew else (self.typed, self.held(self.feed.target))
        ended = endings(typed, held, self.feed, self.days_named, self.told.time_zone)
        ended = self.lake.spark.createDataFrame(ended.toArrow()) if self.is_small else ended.persist()
        self.endings = None if ended.isEmpty() else ended

    def all_of_target(self) -> DataFrame:
        """The source's rows of the feed's table as they are now, after `run`."""
        return self.lake.read(self.feed.target).where(F.col("source") == self.source.name)

    def held(self, table: Table) -> DataFrame | None:
        """The source's rows of a table as they were before this run; None when there were none, or they count
        no more.

        The source's alone: what its whole file lacks must not end what another source names.
        """
        version = self.before[table.name]
        if self.anew or version is None:
            return None
        rows = self.lake.read(table, version)
        return rows.where(F.col("source") == self.source.name) if "source" in table.columns else rows

    def _compared(self) -> list[Table]:
        mine = (each for each in self.source.derivations if each.entity == self.feed.entity)
        return [each.compared_with for each in mine if each.compared_with]

    def _typed(self, records: DataFrame) -> DataFrame:
        typed = self.feed.transform(records, self.told)
        typed = typed if self.feed.record else typed.withColumn("_part", F.lit(1))
        doubt = F.concat_ws("; ", "id_doubt", *(["_doubt"] if "_doubt" in typed.columns else []))
        return typed.withColumn("_doubt", F.when(doubt != "", doubt))

    def _numbered(self, records: DataFrame, held: DataFrame | None) -> DataFrame:
        if not self.feed.position:
            return records
        files = [(place(row), row["delivery_id"], row["sha256"]) for row in self._known()]
        files += [(each.place, each.delivery_id, each.file.sha256) for each in self.deliveries]
        once = records.where(~F.col("delivery_id").isin(*repeated_files(files)))
        return number_on(once, held, self.feed)

    def _needs_all(self) -> bool:
        if any(delivery.supersedes for delivery in self.deliveries):
            return True
        if self.manifest.left_over(self.source, self.feed, self.deliveries):
            return True
        known = self.manifest.current(self.source, self.feed)
        # The files of one day are one whole: with a second one the first is read again.
        first = str(self.deliveries[0].file.day) if self.feed.whole else self.deliveries[0].place
        out_of_order = known and first < max(place(row) for row in known.values())
        return bool(out_of_order or self.is_repeated) and bool(
            self.feed.newest_wins or self.feed.record or self.feed.position
        )

    def _log_received(self) -> None:
        """Write what was received as it was received. By delivery, so that a run that died here may come
        again.
        """
        raw = self.source.raw(self.feed)
        readable = self.typed.where("received is not null and _part = 1").select(
            "received.*", *PLACE, "wrong_kinds"
        )
        self._report(
            raw.name,
            self.lake.rewrite_days(
                readable.toArrow() if self.is_small else readable, raw, self.days, self.mine
            ),
        )

    @property
    def days(self) -> tuple[date, date]:
        """First and last landing day of the new deliveries."""
        return self.deliveries[0].file.day, self.deliveries[-1].file.day

    @property
    def mine(self) -> str:
        """SQL that is true of rows of the new deliveries."""
        ids = ", ".join(f"'{delivery.delivery_id}'" for delivery in self.deliveries)
        return (
            f"landing_date between date'{self.days[0]}' and date'{self.days[1]}' and delivery_id in ({ids})"
        )

    def refused(self) -> DataFrame:
        """The refused records and those in doubt, in the columns of `quarantine`."""
        named = (F.lit(self.source.name).alias("source"), F.lit(self.feed.entity).alias("entity"))
        is_refused = F.col("reason").isNotNull()
        refused = self.typed.where("_part = 1").where(is_refused | F.col("_doubt").isNotNull())
        doubt = F.when(F.col("id_doubt").isNotNull(), BAD_ID).otherwise(DOUBT)
        reason, detail = (
            F.coalesce("reason", doubt),
            F.when(is_refused, F.col("detail")).otherwise(F.col("_doubt")),
        )
        return refused.select(*named, *PLACE, "raw_text", reason.alias("reason"), detail.alias("detail"))

    def _added(self, counts: Counts) -> tuple[WriteResult, int]:
        """Add the new records to what is held; how many records were offered."""
        feed, held = self.feed, self.held(self.feed.target)
        if feed.newest_wins:
            best = dedupe.newest(self.with_endings(self.accepted), held, feed).where("_new")
            best = best.select(*feed.target.columns, F.col("delivery_id").isNotNull().alias("_offered"))
            n_offered = counts.n_keys if self.endings is None else best.where("_offered").count()
            return self.lake.upsert(best, feed.target, counted="_offered"), n_offered
        best = self.accepted if counts.n_keys == counts.n_accepted else dedupe.first(self.accepted, feed)
        if feed.record and held is not None:
            best = dedupe.unless_held(best, held, feed)
        offered = best.select(*feed.target.columns, (F.col("_part") == 1).alias("_offered"))
        return (
            self.lake.upsert(offered, feed.target, EARLIER, counted="_offered", n_rows=counts.n_accepted),
            counts.n_keys,
        )

    def _anew(self) -> tuple[WriteResult, int]:
        """Make the source's rows anew from all records that count; how many of them are new records'."""
        feed, every = self.feed, self.with_endings(self.all_accepted())
        best = dedupe.newest(every, None, feed) if feed.newest_wins else dedupe.first(every, feed)
        new = F.col("delivery_id").isin(*[delivery.delivery_id for delivery in self.deliveries]) & (
            F.col("_part") == 1
        )
        best = best.select(*feed.target.columns, F.coalesce(new, F.lit(False)).alias("_offered")).persist()
        try:
            within = f"source = '{self.source.name}'" if "source" in feed.target.columns else "true"
            return (
                self.lake.replace(best, feed.target, within, counted="_offered"),
                best.where("_offered").count(),
            )
        finally:
            best.unpersist()

    def _detail(self, counts: Counts, written: WriteResult) -> dict:
        found = {"source": self.source.name, "entity": self.feed.entity, "n_files": len(self.deliveries)}
        days = sorted({str(delivery.file.day) for delivery in self.deliveries})
        found["landing_days"] = [days[0], days[-1]]
        if counts.by_reason:
            found["reasons"] = counts.by_reason
        if counts.n_doubtful:
            found["n_doubtful"] = counts.n_doubtful
        found |= note_files(self.source.name, self.deliveries, counts.by_delivery, written.n_deleted)
        if self.feed.whole:
            mine = [day for day in self.days_named if self.days[0] <= day.day <= self.days[1]]
            found |= note_whole_days(f"{self.source.name}.{self.feed.entity}", mine, self._count_ended())
        return found

    def _count_ended(self) -> int:
        first, last = self.days
        return (
            0
            if self.endings is None
            else self.endings.where(F.col("ended_on").between(F.lit(first), F.lit(last))).count()
        )

    def _report(self, table_name: str, written: WriteResult, **more: object) -> None:
        self.reports.append(as_report(table_name, written, **more))


def are_small(deliveries: list[Delivery]) -> bool:
    """Whether the files hold few records in all. Their own size does not tell: gzip packs a
    thousand to one.
    """
    n_bytes, n_lines = SMALL_BYTES, SMALL_RECORDS
    for delivery in deliveries:
        with delivery.file.path.open("rb") as file:
            found = has_at_most(file, n_bytes, n_lines)
        if found is None:
            return False
        n_bytes, n_lines = n_bytes - found[0], n_lines - found[1]
    return True


def as_report(table_name: str, written: WriteResult, **more: object) -> TableReport:
    """What a write did, as a step reports it."""
    return TableReport(
        table_name,
        written.version_before,
        written.version_after,
        touched_dates=written.touched_dates,
        n_inserted=written.n_inserted,
        n_updated=written.n_updated,
        n_unchanged=written.n_unchanged,
        **more,
    )


def place(row: dict) -> str:
    """A manifest row's place in the order of arrival, as `Delivery.place`."""
    landing_date: date = row["landing_date"]
    return f"{landing_date}/{row['source_file'].rsplit('/', 1)[-1]}"

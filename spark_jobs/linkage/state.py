"""The night's linkage: the people as they are now, the state that the last night left, and out comes who is
alike.

The state is a DuckDB file and a cache: the result is a function of people and model alone. It holds personal
values, as `core_people` does. A night that is cut off leaves the state as it was: an update is one
transaction, a relink is written aside.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from expectations.contracts.lake import CORE_IDENTITY_LIKENESS
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.linkage.link import PairsOf, relink
from spark_jobs.linkage.model import LinkageModel
from spark_jobs.linkage.profile import RecordTable
from spark_jobs.linkage.shop_profile import SHOP_PEOPLE
from spark_jobs.linkage.update import Updated, update

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

logger = logging.getLogger(__name__)
KEY = "linkage_key"
RECORDS = RecordTable("records", KEY, SHOP_PEOPLE)
MANY = 1_000_000  # records whose first comparison is worth a cluster's cores; below, the copying costs more
RECORDS_PER_TASK = 50_000


@dataclass(frozen=True)
class Linked:
    """What the night's linkage found.

    Attributes:
        likeness: the rows of `core_identity_likeness`.
        updated: what an update saw; None when everything was linked from nothing.
    """

    likeness: pa.Table
    updated: Updated | None


@dataclass(frozen=True)
class Given:
    """What is set from outside.

    Attributes:
        too_common: as `load_records` takes it.
        memory: what DuckDB may take beside Spark's driver, as `3g`.
    """

    too_common: Mapping[str, int]
    memory: str = "3g"

    @property
    def config(self) -> dict[str, str]:
        """DuckDB's settings."""
        return {"memory_limit": f"{self.memory.rstrip('bB')}b"}


def made_by(model: LinkageModel) -> str:
    """Which model, code and libraries a state comes from: under others it is linked from nothing."""
    digest = sha256(model.fingerprint.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    for library in ("duckdb", "splink", "lightgbm"):
        digest.update(f"{library} {version(library)}".encode())
    return digest.hexdigest()


def is_of(state: Path, stamp: str) -> bool:
    """Is there a state, readable and made by this?"""
    if not state.is_file():
        return False
    try:
        with duckdb.connect(str(state)) as con:
            return con.execute("select stamp from made_by").fetchall() == [(stamp,)]
    except duckdb.Error:
        return False


def load_records(con: duckdb.DuckDBPyConnection, people: pa.Table, too_common: Mapping[str, int]) -> None:
    """Write temporary table RECORDS: the profile's columns of the people, and their key `source/record_id`.

    Args:
        too_common: column → the most records that one value of it may stand on and say anything. A store's
            own phone or a default birthday says nothing, and its pairs would grow with the square of its
            records.
    """
    columns = sorted(set(SHOP_PEOPLE.source_columns))
    own = "case when count(*) over (partition by {0}) <= {1} then {0} end as {0}"
    said = [own.format(name, too_common[name]) if name in too_common else name for name in columns]
    con.register("received_people", people.select(["source", "record_id", *columns]))
    con.execute(f"""
        create or replace temp table records as
        select source || '/' || record_id as {KEY}, {", ".join(said)} from received_people
    """)
    con.unregister("received_people")


def tidy(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what the work left lying: the state is the tables of `link` and their stamp."""
    found = con.execute("""
        select table_type, table_name from information_schema.tables
        where table_type <> 'LOCAL TEMPORARY' and table_name not in ('people', 'linked_pairs', 'clusters',
        'made_by')
        order by table_type desc
    """).fetchall()  # views first
    for kind, name in found:
        con.execute(f'drop {"view" if kind == "VIEW" else "table"} "{name}"')


def likeness(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """`linked_pairs` and `clusters` as rows of `core_identity_likeness`, in order of their key."""
    found = con.sql("""
        with sides as (
            select least(key_l, key_r) as first, greatest(key_l, key_r) as second,
                score, match_weight, agreements, a.cluster_key = b.cluster_key as is_one_person
            from linked_pairs as p
            join clusters as a on a.record_key = key_l join clusters as b on b.record_key = key_r
        ),
        keyed as (
            select string_split(first, '/')[1] as source_a, substr(first, strpos(first,
            '/') + 1) as record_id_a,
                string_split(second, '/')[1] as source_b, substr(second, strpos(second,
                '/') + 1) as record_id_b, *
            from sides
        )
        select source_a, record_id_a, source_b, record_id_b, 1 / (1 + pow(2, -score)) as probability,
        match_weight, agreements,
            is_one_person
        from keyed order by source_a, record_id_a, source_b, record_id_b
    """).to_arrow_table()
    return found.cast(build_arrow_schema(CORE_IDENTITY_LIKENESS))


def over(spark: "SparkSession", model: LinkageModel) -> PairsOf:
    """Pairs found and scored by Spark's tasks: the very same as here, under the same model."""
    from spark_jobs.linkage.on_spark import linked_pairs_on_spark

    def pairs_of(people: pa.Table) -> pa.Table:
        n_tasks = max(1, people.num_rows // RECORDS_PER_TASK)
        return linked_pairs_on_spark(spark.createDataFrame(people), model, n_tasks).toArrow()

    return pairs_of


def link_people(
    state: Path, people: pa.Table, model: LinkageModel, given: Given, spark: "SparkSession | None" = None
) -> Linked:
    """Link `core_people` as it is now under a frozen model.

    Args:
        state: a DuckDB file; missing, unreadable, damaged or of another model or code, it is made anew.
        people: `core_people`; no source's name holds a slash.
        spark: compares the records when there are MANY and all of them have to be.
    """
    stamp = made_by(model)
    if is_of(state, stamp):
        try:
            return bring_up_to_date(state, people, model, given)
        except duckdb.Error as broken:
            logger.warning(
                f"{state.name} is not as it was left ({type(broken).__name__}): all records are compared anew"
            )
    return make_anew(state, people, model, given, stamp, spark)


def bring_up_to_date(state: Path, people: pa.Table, model: LinkageModel, given: Given) -> Linked:
    """One transaction: cut off, the state is as it was."""
    with duckdb.connect(str(state), config=given.config) as con:
        con.execute("begin")
        load_records(con, people, given.too_common)
        updated = update(con, model, RECORDS)
        found = likeness(con)
        tidy(con)
        con.execute("commit")
    return Linked(found, updated)


def make_anew(
    state: Path, people: pa.Table, model: LinkageModel, given: Given, stamp: str, spark: "SparkSession | None"
) -> Linked:
    """Written aside and renamed."""
    state.parent.mkdir(parents=True, exist_ok=True)
    aside = state.with_name(f".{state.name}.part")
    for left in (aside, aside.with_name(f"{aside.name}.wal")):
        left.unlink(missing_ok=True)
    with duckdb.connect(str(aside), config=given.config) as con:
        load_records(con, people, given.too_common)
        relink(con, model, RECORDS, over(spark, model) if spark and people.num_rows >= MANY else None)
        con.execute("create table made_by as select $1 as stamp", [stamp])
        found = likeness(con)
        tidy(con)
    state.with_name(f"{state.name}.wal").unlink(
        missing_ok=True
    )  # of an unreadable state: it would be replayed into the new one
    aside.replace(state)
    return Linked(found, None)

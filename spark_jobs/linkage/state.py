"""Link `core_people` as it is now, with the state that the last run left.

The state is a DuckDB file and a cache: the result is a function of people and model alone. It holds personal
values, as `core_people` does. A run that is cut off leaves the state as it was: an update is one transaction,
a rebuilt state is written to a temporary file and renamed.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from expectations.contracts.lake import CORE_IDENTITY_LIKENESS
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.frames import convert_arrow_to_spark
from spark_jobs.lake.queries import limit_memory
from spark_jobs.linkage.link import PairScorer, link_all_records
from spark_jobs.linkage.model import LinkageModel
from spark_jobs.linkage.profile import RecordTable
from spark_jobs.linkage.shop_profile import SHOP_PEOPLE
from spark_jobs.linkage.update import UpdateCounts, update_links

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

logger = logging.getLogger(__name__)
RECORD_KEY = "linkage_key"
RECORDS = RecordTable("records", RECORD_KEY, SHOP_PEOPLE)
# From so many records on, the first comparison is worth a cluster's cores; below, the copying costs more.
MIN_RECORDS_FOR_SPARK = 1_000_000
RECORDS_PER_TASK = 50_000


@dataclass(frozen=True)
class LinkageResult:
    """The outcome of one run's linkage.

    Attributes:
        likeness: the rows of `core_identity_likeness`.
        updated: counts of an update; None when everything was linked from nothing.
    """

    likeness: pa.Table
    updated: UpdateCounts | None


@dataclass(frozen=True)
class LinkageOptions:
    """How records are linked, as settings and identity rules say.

    Attributes:
        too_common: as `load_person_records` takes it.
        memory: memory limit of DuckDB beside Spark's driver, as `3g`.
    """

    too_common: Mapping[str, int]
    memory: str = "3g"

    @property
    def duckdb_config(self) -> dict[str, str]:
        """Settings of a DuckDB connection."""
        return limit_memory(self.memory)


def hash_model_and_code(model: LinkageModel) -> str:
    """Hash of the model, this package's code and its libraries: a state with another is built anew."""
    digest = sha256(model.fingerprint.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    for library in ("duckdb", "splink", "lightgbm"):
        digest.update(f"{library} {version(library)}".encode())
    return digest.hexdigest()


def has_current_stamp(state: Path, stamp: str) -> bool:
    """Whether there is a readable state with this stamp."""
    if not state.is_file():
        return False
    try:
        with duckdb.connect(str(state)) as con:
            return con.execute("select stamp from made_by").fetchall() == [(stamp,)]
    except duckdb.Error:
        return False


def load_person_records(
    con: duckdb.DuckDBPyConnection, people: pa.Table, too_common: Mapping[str, int]
) -> None:
    """Write temporary table RECORDS: the profile's columns of the people, and their key `source/record_id`.

    Args:
        too_common: column → the most records that one value of it may stand on and say anything. A store's
            own phone or a default birthday says nothing, and its pairs would grow with the square of its
            records.
    """
    columns = sorted(set(SHOP_PEOPLE.source_columns))
    own = "case when count(*) over (partition by {0}) <= {1} then {0} end as {0}"
    values = [own.format(name, too_common[name]) if name in too_common else name for name in columns]
    con.register("received_people", people.select(["source", "record_id", *columns]))
    con.execute(f"""
        create or replace temp table records as
        select source || '/' || record_id as {RECORD_KEY}, {", ".join(values)} from received_people
    """)
    con.unregister("received_people")


def drop_work_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Drop all tables and views but those of the state: the tables of `link`, and their stamp."""
    leftovers = con.execute("""
        select table_type, table_name from information_schema.tables
        where table_type <> 'LOCAL TEMPORARY' and table_name not in ('people', 'linked_pairs', 'clusters',
        'made_by')
        order by table_type desc
    """).fetchall()  # views first
    for kind, name in leftovers:
        con.execute(f'drop {"view" if kind == "VIEW" else "table"} "{name}"')


def read_likeness(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """`linked_pairs` and `clusters` as rows of `core_identity_likeness`, in order of their key."""
    rows = con.sql("""
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
    return rows.cast(build_arrow_schema(CORE_IDENTITY_LIKENESS))


def make_spark_scorer(spark: "SparkSession", model: LinkageModel) -> PairScorer:
    """A function that finds and scores the pairs in Spark's tasks: the same pairs as DuckDB's alone."""
    from spark_jobs.linkage.on_spark import score_pairs_on_spark

    def score_pairs(people: pa.Table) -> pa.Table:
        n_tasks = max(1, people.num_rows // RECORDS_PER_TASK)
        return score_pairs_on_spark(convert_arrow_to_spark(spark, people), model, n_tasks).toArrow()

    return score_pairs


def link_people(
    state: Path,
    people: pa.Table,
    model: LinkageModel,
    options: LinkageOptions,
    open_spark: Callable[[], "SparkSession | None"] = lambda: None,
) -> LinkageResult:
    """Link `core_people` as it is now under a frozen model.

    Args:
        state: a DuckDB file; missing, unreadable, damaged or of another model or code, it is rebuilt.
        people: `core_people`; no source's name holds a slash.
        open_spark: gives the session that compares the records when there are MIN_RECORDS_FOR_SPARK and all
            of them have to be.
    """
    stamp = hash_model_and_code(model)
    if has_current_stamp(state, stamp):
        try:
            return update_state(state, people, model, options)
        except duckdb.Error as error:
            logger.warning(
                f"{state.name} is not as it was left ({type(error).__name__}): all records are compared anew"
            )
    return rebuild_state(state, people, model, options, stamp, open_spark)


def update_state(
    state: Path, people: pa.Table, model: LinkageModel, options: LinkageOptions
) -> LinkageResult:
    """Bring the state to these people in one transaction: cut off, it is as it was."""
    with duckdb.connect(str(state), config=options.duckdb_config) as con:
        con.execute("begin")
        load_person_records(con, people, options.too_common)
        updated = update_links(con, model, RECORDS)
        likeness = read_likeness(con)
        drop_work_tables(con)
        con.execute("commit")
    return LinkageResult(likeness, updated)


def rebuild_state(
    state: Path,
    people: pa.Table,
    model: LinkageModel,
    options: LinkageOptions,
    stamp: str,
    open_spark: Callable[[], "SparkSession | None"],
) -> LinkageResult:
    """Link everything from nothing into a temporary file, and put it in the state's place."""
    state.parent.mkdir(parents=True, exist_ok=True)
    temporary = state.with_name(f".{state.name}.part")
    for path in (temporary, temporary.with_name(f"{temporary.name}.wal")):
        path.unlink(missing_ok=True)
    with duckdb.connect(str(temporary), config=options.duckdb_config) as con:
        load_person_records(con, people, options.too_common)
        spark = open_spark() if people.num_rows >= MIN_RECORDS_FOR_SPARK else None
        link_all_records(con, model, RECORDS, make_spark_scorer(spark, model) if spark is not None else None)
        con.execute("create table made_by as select $1 as stamp", [stamp])
        likeness = read_likeness(con)
        drop_work_tables(con)
    # The log of an unreadable state would be replayed into the new one.
    state.with_name(f"{state.name}.wal").unlink(missing_ok=True)
    temporary.replace(state)
    return LinkageResult(likeness, None)

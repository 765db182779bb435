"""What a night says otherwise of the day that readers already know: memberships that were published and are
corrected, each with its cause.

`fct_segment_changes` has the whole history by the newest definitions, lists and identities, as if these had
been known all along; so a change of one of them is no day in it. It shows where two nights are compared at
the same day: the last one of the night that was published.
"""

import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from expectations.contracts.files import write_text_atomically
from segments.in_force import load_understood
from segments.parsing.definitions import list_files_in_force, make_reader_of_day
from segments.parsing.documents import read_text
from segments.requirements import find_requirements, list_named
from segments.sql.literals import quote_text
from segments.to_sql import DEFINITIONS
from segments.tree.rules import Rule
from segments.versions import list_files_in_use
from spark_jobs.run.context import RunContext
from spark_jobs.run.warehouse_files import find_built_file

MERGE, DEFINITION, LIST, MODEL, DATA = "merge", "definition", "list", "model", "data"
# `dependencies` has the lists of customers that each segment asks for, itself or by what it names.
CORRECTIONS = f"""
    with
    was as (
        select customer_id, segment_id from published.main.fct_customer_segments where left_at is null
    ),
    is_now as (
        select customer_id, segment_id from warehouse.main.fct_customer_segments
        where cast(entered_at as date) <= $day and (left_at is null or cast(left_at as date) > $day)
    ),
    corrected as (
        select coalesce(is_now.customer_id, was.customer_id) as customer_id,
            coalesce(is_now.segment_id, was.segment_id) as segment_id,
            is_now.customer_id is not null as is_entered
        from was full join is_now using (customer_id, segment_id)
        where was.customer_id is null or is_now.customer_id is null
    ),
    joined as (
        select customer_id, to_customer_id from warehouse.main.fct_identity_changes
        where change_id not in (select change_id from published.main.fct_identity_changes)
    ),
    moved as (
        select customer_id from joined union select to_customer_id from joined
    ),
    relisted as (
        (select * from warehouse.main_intermediate.int_list_members
         except select * from published.main_intermediate.int_list_members)
        union
        (select * from published.main_intermediate.int_list_members
         except select * from warehouse.main_intermediate.int_list_members)
    )
    select customer_id, segment_id, is_entered,
        case
            when customer_id in (select customer_id from moved) then '{MERGE}'
            when segment_id in (select unnest($redefined)) then '{DEFINITION}'
            when segment_id in (select unnest($learned)) then '{MODEL}'
            when segment_id in (select unnest($of_item_lists)) then '{LIST}'
            when exists (
                select 1 from relisted join dependencies using (list_name)
                where relisted.customer_id = corrected.customer_id
                    and dependencies.segment_id = corrected.segment_id
            ) then '{LIST}'
            else '{DATA}'
        end as cause
    from corrected
    order by segment_id, customer_id
"""
CHANGED_ITEM_LISTS = """
    select distinct list_name from (
        (select * from warehouse.main_intermediate.int_list_items
         except select * from published.main_intermediate.int_list_items)
        union
        (select * from published.main_intermediate.int_list_items
         except select * from warehouse.main_intermediate.int_list_items)
    )
"""
LEARNED = "select segment_id from warehouse.main.dim_segments where kind not in ('rule', 'rfm')"

# What DuckDB says of a published file that cannot be compared; a night does not fail for a report.
UNREADABLE = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.IOException,
    duckdb.SerializationException,
)

logger = logging.getLogger(__name__)


class Definitions(NamedTuple):
    """The definitions of two nights.

    Attributes:
        rules: those of the new one, by id.
        redefined: segments of which the text, or that of one it names, is another; new ones and those gone.
    """

    rules: Mapping[str, Rule]
    redefined: frozenset[str]


def report_corrections(context: RunContext, connection: duckdb.DuckDBPyConnection) -> None:
    """Write which published memberships the night corrects, and why; nothing where the published night is of
    the same run, or there is none, or it has another layout.

    Args:
        connection: tonight's file is attached to it as `warehouse`.
    """
    paths = context.settings.paths
    published = paths.warehouse_file.resolve()
    if not published.exists() or published.name.partition(".")[0] == context.slug:
        return
    if published == find_built_file(context).resolve():
        return
    definitions = compare_definitions(
        list_files_in_use(paths.root) or [], list_files_in_force(DEFINITIONS, paths.segment_definitions)
    )
    try:
        connection.execute(f"attach {quote_text(str(published))} as published (read_only)")
        corrections = find_corrections(connection, definitions)
    except UNREADABLE as error:  # of a night before these tables or columns were, or no database
        logger.warning("corrections are not reported: %s", str(error).splitlines()[0])
        return
    finally:
        connection.execute("detach database if exists published")
    file = paths.segment_corrections_report(context.slug)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text_atomically(file, json.dumps(corrections, indent=1))


def compare_definitions(before: Iterable[Path], now: Iterable[Path]) -> Definitions:
    """What of the definitions is another; what no night understands is gone."""
    texts = [{file.stem: read_text(file) for file in files} for files in (before, now)]
    understood, _ = load_understood([*now], make_reader_of_day())
    rules = {name: each.segment.members for name, each in understood.items()}
    changed = {name for name in texts[0].keys() | texts[1].keys() if texts[0].get(name) != texts[1].get(name)}
    resting = {name for name, rule in rules.items() if list_named(rule, rules).keys() & changed}
    return Definitions(rules, frozenset(changed | resting))


def find_corrections(connection: duckdb.DuckDBPyConnection, definitions: Definitions) -> dict[str, Any]:
    """How many members entered and left each segment by a correction, by cause, and of which day."""
    rules, required = definitions.rules, {}
    for name, rule in rules.items():
        required[name] = find_requirements(rule, rules)
    connection.execute("create or replace temp table dependencies (segment_id varchar, list_name varchar)")
    rows = [[name, each] for name, needs in required.items() for each in sorted(needs.lists)]
    if rows:
        connection.executemany("insert into dependencies values (?, ?)", rows)
    changed = {name for (name,) in connection.execute(CHANGED_ITEM_LISTS).fetchall()}
    ((day,),) = connection.execute("select as_of from published.main.dim_warehouse").fetchall()
    parameters = {
        "day": day,
        "redefined": sorted(definitions.redefined),
        "learned": [name for (name,) in connection.execute(LEARNED).fetchall()],
        "of_item_lists": sorted(name for name, needs in required.items() if needs.item_lists & changed),
    }
    segments: dict[str, dict[str, dict[str, int]]] = {}
    n_corrected = 0
    for _, segment_id, is_entered, cause in connection.execute(CORRECTIONS, parameters).fetchall():
        counts = segments.setdefault(segment_id, {}).setdefault(cause, {"entered": 0, "left": 0})
        counts["entered" if is_entered else "left"] += 1
        n_corrected += 1
    return {"day": day.isoformat(), "n_corrected": n_corrected, "segments": segments}

"""A person record is the same person's in the warehouse and where likeness looks at it: one order of its
identifiers.
"""

from itertools import product

import duckdb
import pytest

from spark_jobs.identify.graph.likeness_links import IDENTIFIERS_SUREST_FIRST, select_surest_identifier


@pytest.fixture(scope="module")
def query(built) -> str:
    """What int_people was compiled to."""
    return built.manifest["nodes"]["model.concierge.int_people"]["compiled_code"]


def test_a_record_is_whose_the_identifier_is_that_it_stands_for(query):
    """Every choice of identifiers, each of them another customer's."""
    with duckdb.connect() as warehouse:
        for schema in ("main_staging", "main_intermediate"):
            warehouse.execute(f"create schema {schema}")
        columns = ", ".join(f"{name} varchar" for name in IDENTIFIERS_SUREST_FIRST)
        warehouse.execute(
            "create table main_staging.stg_core__people (source varchar, record_id varchar, country varchar,"
            f" created_at timestamp, updated_at timestamp, ended_on date, {columns})"
        )
        warehouse.execute(
            "create table main_intermediate.int_identities (identifier_id varchar, customer_id varchar)"
        )
        wanted = {}
        for n, has in enumerate(product((True, False), repeat=len(IDENTIFIERS_SUREST_FIRST))):
            record = {
                name: f"{name}-{n}" if one else None
                for name, one in zip(IDENTIFIERS_SUREST_FIRST, has, strict=True)
            }
            marks = ", ".join("?" for _ in record)
            warehouse.execute(
                f"insert into main_staging.stg_core__people (record_id, {', '.join(record)}) values (?,"
                f" {marks})",
                [str(n), *record.values()],
            )
            for identifier in filter(None, record.values()):
                warehouse.execute(
                    "insert into main_intermediate.int_identities values (?, ?)",
                    [identifier, f"c_{identifier}"],
                )
            wanted[str(n)] = f"c_{select_surest_identifier(record)}" if any(has) else None
        found = dict(warehouse.execute(f"select record_id, customer_id from ({query})").fetchall())
    assert len(wanted) == 16
    assert found == wanted

"""A profile compares only what its fields give; names of a shop's people lose their forms of address."""

from dataclasses import replace

import duckdb
import pytest

from spark_jobs.linkage.normalise import normalise_records
from spark_jobs.linkage.profile import RecordTable
from spark_jobs.linkage.shop_profile import SHOP_PEOPLE


def test_a_profile_that_compares_what_no_field_gives_is_refused():
    with pytest.raises(ValueError, match=r"no field gives: \['occupation'\]"):
        replace(SHOP_PEOPLE, blocking=(("last", "occupation"),))


@pytest.mark.parametrize(
    ("first_name", "last_name", "first", "last", "middle"),
    [
        ("Mrs Anna", "Keller", "anna", "keller", None),
        ("Dr. Jan Willem", "van der Berg", "jan", "berg", "willem"),
        (None, "n/a", None, None, None),
    ],
)
def test_names_of_a_shops_people(first_name, last_name, first, last, middle):
    con = duckdb.connect()
    columns = ", ".join(
        f"null::varchar as {name}" for name in SHOP_PEOPLE.source_columns if not name.endswith("_name")
    )
    con.execute(
        f"create table r as select '1' as id, $1 as first_name, $2 as last_name, {columns}",
        [first_name, last_name],
    )
    normalise_records(con, RecordTable("r", "id", SHOP_PEOPLE), "o", [])
    assert con.execute("select first, last, middle from o").fetchone() == (first, last, middle)

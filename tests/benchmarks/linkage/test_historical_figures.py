"""Historical figures in normal form, by hand: titles, ranks and ordinals of their names."""

import duckdb

from benchmarks.linkage.historical_figures import HISTORICAL_FIGURES
from spark_jobs.linkage.normalise import normalise_records
from spark_jobs.linkage.profile import RecordTable


def test_normalise_names_dates_and_postcodes():
    con = duckdb.connect()
    con.execute(
        """create table r as select * from (values
        ('a', 'Henry Howard, 7th Duke of Norfolk', '1655-01-11', 'EC1M 3LN', 'Camden', 'male', 'n/a'),
        ('b', 'william', '1655-01-01', 'x', null, 't2227', ''),
        ('c', 'of the', null, null, null, null, null),
        ('d', null, null, null, null, null, null)) as t(id, full_name, dob, postcode_fake, birth_place,
        gender, occupation)"""
    )
    normalise_records(con, RecordTable("r", "id", HISTORICAL_FIGURES), "o", ["william"])
    got = con.execute(
        "select first, last, middle, ordinal, rank, outcode, sector, area, occupation from o order by"
        " record_key"
    ).fetchall()
    assert got[0] == ("henry", "norfolk", "howard", "7", "duke", "ec1m", "ec1m3", "ec", None)
    assert got[1][:3] == ("william", None, None)
    assert got[2][:3] == (None, None, None)
    assert got[3] == (None,) * 9

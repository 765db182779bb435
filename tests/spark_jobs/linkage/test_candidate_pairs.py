"""Blocking new records against all brings what blocking all with all adds."""

import duckdb

from spark_jobs.linkage.candidate_pairs import write_candidate_pairs


def test_blocking_new_against_all_is_the_rest_of_blocking_all():
    con = duckdb.connect()
    con.execute(
        "create table people as select i as idx, ['a' || (i % 7), 'b' || (i % 5)] as tokens, i % 3 as dob"
        " from range(40) t(i)"
    )
    con.execute("create table old as from people where idx % 10 <> 0")
    con.execute("create table new as from people where idx % 10 = 0")
    rules = [("tokens", "dob")]
    write_candidate_pairs(con, rules, "everything")
    write_candidate_pairs(con, rules, "before", people="old")
    write_candidate_pairs(con, rules, "late", new="new")
    both = con.execute("(from before union all from late) order by all").fetchall()
    assert both == con.execute("from everything order by all").fetchall()
    brute = {
        (i, j)
        for i in range(40)
        for j in range(i + 1, 40)
        if i % 3 == j % 3 and (i % 7 == j % 7 or i % 5 == j % 5)
    }
    assert set(both) == brute

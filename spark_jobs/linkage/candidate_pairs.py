"""Which pairs are worth scoring: one equi-join per blocking rule, each pair once.

Splink's own blocking repeats every earlier rule in every later join (39 rules = 741 conditions) and always
joins all with all. Here one side may be the new records only, so the cost follows them; the result goes to
Splink as registered pairs.
"""

from collections.abc import Sequence

import duckdb

from spark_jobs.linkage.profile import BlockingRule

# Columns that hold a list: a record is found under each element. `first_keys` is exploded on one side only
# (mine or a variant of mine against your own), else two names would meet over a third (ed: edward, edmund,
# edwin).
EXPLODED_BOTH = {"tokens", "stems", "rare_tokens"}
EXPLODED_ONE = {"first_keys": "first"}


def _side(table: str, rule: BlockingRule, left: bool, new: str | None = None) -> str:
    columns, plain = [], []
    for column in rule:
        source = EXPLODED_ONE[column] if not left and column in EXPLODED_ONE else column
        exploded = column in EXPLODED_BOTH or (left and column in EXPLODED_ONE)
        if not exploded and column not in EXPLODED_ONE:
            plain.append(column)
        columns.append(
            f"unnest(list_distinct({source})) as {column}" if exploded else f"{source} as {column}"
        )
    # Few values are among the new records': filtered before lists are exploded, the rest never is.
    few = [
        f"{c} in (select {c} from {new})"
        for c in plain
        if new not in (None, table) and len(plain) < len(rule)
    ]
    inner = f"select idx, {', '.join(columns)} from {table}" + (f" where {' and '.join(few)}" if few else "")
    return f"select * from ({inner}) where {' and '.join(f'{c} is not null' for c in rule)}"


def build_blocking_sql(rule: BlockingRule, new: str | None = None, people: str = "people") -> str:
    """Pairs `l < r` that agree on all of the rule's columns; with `new`, those where at least one side is in
    that table.
    """
    using = ", ".join(rule)
    halves, one_sided = [], not set(rule).isdisjoint(EXPLODED_ONE)
    # a symmetric join finds a pair from either side
    both = [(new, people), (people, new)] if one_sided else [(new, people)]
    for left, right in [(people, people)] if new is None else both:
        sides = (
            f"({_side(left, rule, True, new)}) as l join ({_side(right, rule, False, new)}) as r using"
            f" ({using})"
        )
        halves.append(
            f"select least(l.idx, r.idx) as l, greatest(l.idx, r.idx) as r from {sides} where l.idx <> r.idx"
        )
    return " union all ".join(halves)


def write_candidate_pairs(
    con: duckdb.DuckDBPyConnection,
    rules: Sequence[BlockingRule],
    out: str,
    new: str | None = None,
    people: str = "people",
) -> int:
    """Write table `out` (`l`, `r`: row numbers, l < r; each pair once, sorted) and return its
    number of rows.
    """
    union = " union ".join(
        f"select distinct l, r from ({build_blocking_sql(rule, new, people)})" for rule in rules
    )
    con.execute(f"create or replace table {out} as select l, r from ({union}) order by l, r")
    return con.execute(f"select count(*) from {out}").fetchall()[0][0]

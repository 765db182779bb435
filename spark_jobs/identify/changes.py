"""Changes of customer ids between two runs, with their reasons; and how an id of any age is resolved.

An id belongs to its founder, the identifier it was hashed from, and goes where the founder goes. So a run
has at most one row per id: `merged` (its identifiers joined another customer's), `renamed` (late data showed
an earlier identifier), `split` (its identifiers went to several customers; it follows its founder), `retired`
(all its identifiers are blocked now), or `created` (it was not current the run before). Live ids
after a run = live ids before + created - merged - renamed - split away - retired.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa

from spark_jobs.identify.graph.customers import build_customer_id_sql
from spark_jobs.lake.queries import run_query


def resolve_customer_id(changes: Iterable[Mapping], old_id: str) -> str:
    """The customer id that an id of any age stands for after these changes; itself when they say nothing of
    it.

    Follows only ever later rows, so an id that was retired, came back and was retired again ends where it
    should, and nothing can go round in a circle.

    Args:
        changes: rows of `core_identity_changes` in any order (`change_id`, `customer_id`, `to_customer_id`).
        old_id: an id issued at any time.
    """
    last: dict[str, tuple[str, str]] = {}
    for change in changes:
        row = (parse_change_sequence(change["change_id"]), change["to_customer_id"])
        last[change["customer_id"]] = max(last.get(change["customer_id"], row), row)
    sequence, here = "", old_id
    while here in last and last[here][0] > sequence:
        sequence, here = last[here]
    return here


def parse_change_sequence(change_id: str) -> str:
    """The part of a change id that grows by one with each version of `core_identities`."""
    return change_id.split("-")[0]


# One row per identifier of either run, and its customers `was` and `now`: null where it was not known.
MOVES = """
    select identifier_id, identities_before.customer_id as was, identities_now.customer_id as now
    from identities_before full join identities_now using (identifier_id)
"""
OWN_ID = build_customer_id_sql("identifier_id")  # of the customer that the identifier founds
# One row per id that is current and was not, with the origin of its identifiers.
CREATED = f"""
    select 'created' as change, now as customer_id, now as to_customer_id,
        coalesce(
            'identifiers of ' || min(was),
            'first sighting of ' || max(case when {OWN_ID} = now then identifier_id end)
        ) as because
    from moves
    where now is not null and now not in (select was from moves where was is not null)
    group by now
"""
# One row per id whose identifiers moved away; `is_orphan`: its founder is blocked.
MOVED_AWAY = f"""
    with old as (
        select was, count(distinct now) as n_parts,
            coalesce(max(case when {OWN_ID} = was then now end), min(now), was) as heir,
            bool_or(was is distinct from now) as has_moved,
            bool_or({OWN_ID} = was and now is null) as is_orphan
        from moves where was is not null group by was
    ),
    sources as (
        select now as heir, count(distinct was) as n_sources
        from moves where was is not null and now is not null group by now
    )
    select case when n_parts = 0 then 'retired' when n_parts > 1 then 'split'
            when n_sources > 1 then 'merged' else 'renamed' end as change,
        was as customer_id, heir as to_customer_id, is_orphan
    from old left join sources using (heir)
    where has_moved and not (n_parts = 1 and heir = was)
"""
# The earliest links that explain the change of an id: one row per id and `is_now`. A link of this run that
# leads out of what was the customer (it joined), or one of the run before whose ends have parted (it is
# followed no more).
REASON_LINKS = """
    with followed as (
        select true as is_now, * from links_now where is_followed
        union all by name select false as is_now, * from links_before where is_followed
    ),
    ends as (
        select is_now, identifier_id_a as identifier_id, identifier_id_b as other_id, first_seen_at, rule,
            evidence
        from followed
        union all select is_now, identifier_id_b, identifier_id_a, first_seen_at, rule, evidence from followed
    ),
    told as (
        select own.was as customer_id, is_now,
            {'at': first_seen_at, 'rule': rule, 'evidence': evidence} as link,
            own.was is not distinct from other.was as were_one,
            own.now is not distinct from other.now as are_one
        from ends
        join moves as own on own.identifier_id = ends.identifier_id and own.was is not null
        join moves as other on other.identifier_id = ends.other_id
    )
    select customer_id, is_now, concat_ws(' ', min(link).rule, min(link).evidence) as link
    from told where case when is_now then are_one and not were_one else were_one and not are_one end
    group by customer_id, is_now
"""
# With the link that joined, the link that is no longer followed, an earlier sighting, or a rule.
MOVED_WITH_REASONS = f"""
    select change, moved_away.customer_id, to_customer_id,
        case when change = 'retired' then 'nobody stands behind its identifiers'
            when change = 'split' then
                coalesce('no longer followed: ' || link, 'an identifier is gone')
            else coalesce(link,
                case when is_orphan then 'nobody stands behind the identifier that founded it' end,
                'an earlier sighting of one of its identifiers') end as because
    from moved_away left join ({REASON_LINKS}) as reasons
        on reasons.customer_id = moved_away.customer_id and reasons.is_now = (change <> 'split')
"""
# One row per id retired earlier whose founder parts from the id it was merged into: the id follows its
# founder.
REASSIGNED = f"""
    select 'split' as change, own.customer_id, own.now as to_customer_id, 'parted from ' || own.was as because
    from (select *, {OWN_ID} as customer_id from moves where was <> now) as own
    left join moved_away on moved_away.customer_id = own.was
    where own.customer_id in (select customer_id from changes_before where change = 'created')
        and own.customer_id not in (select was from moves where was is not null)
        and own.now <> coalesce(moved_away.to_customer_id, own.was) and own.now <> own.customer_id
"""


def compare_identities(con: duckdb.DuckDBPyConnection) -> bool:
    """Write table `moves`: an identifier's customers before and now; whether any differ.

    Args:
        con: has `identities_before` and `identities_now`.
    """
    con.execute(f"create or replace temp table moves as {MOVES}")
    ((n_moved,),) = con.execute("select count(*) from moves where was is distinct from now").fetchall()
    return n_moved > 0


@dataclass(frozen=True)
class ChangeStamp:
    """What all changes of one run carry.

    Attributes:
        sequence: grows with every version of `core_identities`; orders the log, and makes `change_id` the
            same when repeated.
        landing_date: the newest landing date of the run.
    """

    sequence: int
    landing_date: date
    run_id: str


def build_identity_changes(con: duckdb.DuckDBPyConnection, stamp: ChangeStamp) -> pa.Table:
    """The rows that a run adds to `core_identity_changes`.

    Args:
        con: has `moves`; `links_before` and `links_now`, `core_identity_links` of the run before and of this
            one; `changes_before`, the log so far.
    """
    con.execute(f"create or replace temp table moved_away as {MOVED_AWAY}")
    rows = run_query(con, f"{CREATED} union all {MOVED_WITH_REASONS} union all {REASSIGNED}")
    return run_query(
        con,
        "select $1 || '-' || substr(sha256(customer_id), 1, 16) as change_id, change, customer_id,"
        " to_customer_id, because, $2::date as landing_date, $3 as run_id from rows",
        (f"{stamp.sequence:010d}", stamp.landing_date, stamp.run_id),
        rows=rows,
    )

"""Which links may be followed, by the identity rules. Joining two people is worse than leaving one person in
two parts.

Hazards this guards against:

* A blocked value (`null`, zeros, `test@…`): it is nobody's identifier, whatever stood beside it.
* A shared device (a family's tablet, a store's kiosk): one browser, several people. Its links are
  stored and not followed. Events of a login carry the user's id and stay with the user; what the device did
  without a login stays with an anonymous customer of its own.
* A household: one phone in two people's records, one e-mail used by two logins. It is followed to neither.
* A link that somebody refused.

All are pure functions of the links, so that late evidence of sharing splits what was joined through it. What
a customer may hold as a whole is `clustering.py`'s subject.
"""

import re
from collections.abc import Sequence

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.identity_rules import BlockedValues, IdentityRules, SharedIdentifier
from spark_jobs.identify.graph.inputs import GraphInputs
from spark_jobs.identify.graph.links import ALIKE_RULE, DECISION_RULE
from spark_jobs.lake.queries import run_query

REFUSED = "decision/refuse"
BLOCKED_SCHEMA = pa.schema([("identifier_id", pa.string()), ("held_by", pa.string())])


def find_blocked_identifiers(identifiers: pa.Table, rules: Sequence[BlockedValues]) -> pa.Table:
    """`identifier_id, held_by`: identifiers whose value a rule blocks, with the first such rule."""
    held_by: dict[str, str] = {}
    for rule in rules:
        matches = re.compile(rule.pattern).fullmatch
        rows = identifiers.filter(pc.is_in(identifiers["kind"], value_set=pa.array(rule.kinds)))
        is_so = [bool(matches(value)) for value in rows["value_normalised"].to_pylist()]
        for identifier in rows["identifier_id"].filter(pa.array(is_so, pa.bool_())).to_pylist():
            held_by.setdefault(identifier, f"blocked/{rule.id}")
    return pa.table([list(held_by), list(held_by.values())], schema=BLOCKED_SCHEMA)


# Both directions of each linked pair that tells whose an identifier is. `record_cluster` is the person whose
# record the other end is: the cluster that likeness put it in, or itself.
NEIGHBOURS = """
    select ends.id, own.kind, ends.other, other.kind as other_kind, other.source as other_source,
        coalesce(record_clusters.record_cluster, ends.other) as record_cluster
    from (
        select identifier_id_a as id, identifier_id_b as other from open_pairs
        union all select identifier_id_b, identifier_id_a from open_pairs
    ) as ends
    join identifiers as own on own.identifier_id = ends.id
    join identifiers as other on other.identifier_id = ends.other
    left join record_clusters on record_clusters.identifier_id = ends.other
"""
# One row per identifier, and how many of each sort stand beside it. `user_id` is the largest number of user
# ids of one source; `person_record` the number of people with a record; `only_user` the user id it stands for
# when there is exactly one.
NEIGHBOUR_COUNTS = """
    select id, kind, max(n_users) as user_id, case when sum(n_users) = 1 then min(a_user) end as only_user
    from (
        select id, kind, other_source, count_if(other_kind = 'user_id') as n_users,
            min(other) filter (where other_kind = 'user_id') as a_user
        from neighbours group by id, kind, other_source
    ) group by id, kind
"""
PERSON_RECORDS = """
    select id, count(distinct record_cluster) as person_record
    from neighbours where other_kind = 'crm_id' group by id
"""
# How many people were seen beside it: user ids, and contacts that no single user id stands for.
HOLDERS = """
    select n.id, count(distinct coalesce(stands_for.only_user, n.other)) as holder
    from neighbours as n
    left join neighbour_counts as stands_for
        on stands_for.id = n.other and stands_for.kind in ('email', 'phone')
    where n.other_kind in ('user_id', 'email', 'phone') group by n.id
"""


def build_first_rule_sql(rules: Sequence[SharedIdentifier]) -> str:
    """SQL of `shared/<id>` of the first rule that shows an identifier to be several people's; null when none
    does.
    """
    cases = (
        f"when kind in ({', '.join(map(repr, rule.kinds))}) and {rule.of} > {rule.at_most}"
        f" then 'shared/{rule.id}'"
        for rule in rules
    )
    return f"case {' '.join(cases)} end"


def build_held_links_sql(rules: Sequence[SharedIdentifier]) -> str:
    """SQL of `mark_held_links` over its tables."""
    return f"""
        with by_end as materialized (
            select links.*, coalesce(blocked_a.held_by, blocked_b.held_by) as blocked_by,
                case when refused.identifier_id_a is not null then '{REFUSED}' end as refused_by
            from links
            left join blocked as blocked_a on blocked_a.identifier_id = links.identifier_id_a
            left join blocked as blocked_b on blocked_b.identifier_id = links.identifier_id_b
            left join (select distinct * from refused) as refused using (identifier_id_a, identifier_id_b)
        ),
        open_pairs as (
            select distinct identifier_id_a, identifier_id_b from by_end
            where blocked_by is null and refused_by is null
                and rule not in ('{ALIKE_RULE}', '{DECISION_RULE}')
        ),
        neighbours as materialized ({NEIGHBOURS}),
        neighbour_counts as materialized ({NEIGHBOUR_COUNTS}),
        shared as materialized (
            select id, {build_first_rule_sql(rules)} as held_by
            from neighbour_counts
            left join ({PERSON_RECORDS}) using (id)
            left join ({HOLDERS}) using (id)
            where held_by is not null
        )
        select by_end.* exclude (blocked_by, refused_by),
            coalesce(blocked_by, refused_by,
                case when rule <> '{DECISION_RULE}' then coalesce(shared_a.held_by, shared_b.held_by) end
            ) as held_by
        from by_end
        left join shared as shared_a on shared_a.id = by_end.identifier_id_a
        left join shared as shared_b on shared_b.id = by_end.identifier_id_b
    """


def mark_held_links(con: duckdb.DuckDBPyConnection, inputs: GraphInputs, rules: IdentityRules) -> pa.Table:
    """The links with `held_by`, null for those that may be followed. Same rows, same grain, in any order.

    A decision holds whether an identifier is shared or not. Neither decisions nor likeness show that one is,
    and a link that was refused no longer does: whose e-mail was typed on another's card has it
    back.
    """
    return run_query(
        con,
        build_held_links_sql(rules.shared),
        links=inputs.links,
        identifiers=inputs.identifiers.select(["identifier_id", "kind", "source"]),
        blocked=inputs.blocked,
        record_clusters=inputs.record_clusters,
        refused=inputs.refused,
    )

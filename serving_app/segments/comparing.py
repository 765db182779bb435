"""What a definition would have for members, and who would come and go by it."""

from collections.abc import Mapping
from typing import Any

from segments.requirements import find_requirements
from segments.sql.costs import (
    CostEstimate,
    SegmentCostError,
    ShopStatistics,
    check_costs,
)
from segments.sql.night_relations import EVENTS
from segments.tree.rules import RandomShare, Rule, Segment
from serving_app.http.problems import TooLargeToAnswer
from serving_app.segments.members import MEMBERS, find_members
from serving_app.segments.moments import Asked
from serving_app.segments.warehouse import Night

NOBODY = Segment(
    "nobody", "Nobody", "rule", "Stands in the place of a segment that there is not.", RandomShare(0.0, "")
)
OVERLAPS = f"""
    select
        stays.segment_id,
        count(*) as n_shared,
        (select count(*) from fct_customer_segments as others
         where others.segment_id = stays.segment_id and others.left_at is null) as n_others
    from fct_customer_segments as stays
    join {MEMBERS} as members on stays.customer_id = members.customer_id
    where stays.left_at is null and members.candidate = 0
    group by stays.segment_id
    order by n_shared desc, stays.segment_id
"""
CHANGES = f"""
    with
    sides as (
        select
            customer_id,
            bool_or(candidate = 0) as was,
            bool_or(candidate = 1) as will_be
        from {MEMBERS}
        group by customer_id
    )
    select customer_id, case when was then 'leaves' else 'enters' end as change
    from sides where was <> will_be
"""


def preview_members(
    night: Night, segment: Segment, rules: Mapping[str, Rule], asked: Asked
) -> dict[str, Any]:
    """How many members a definition would have, what share of all, whom it shares with other segments, and
    what it costs, as `PreviewAnswer`; the members are in `MEMBERS`.

    Raises:
        TooLargeToAnswer: its cost is out of bounds.
        NotReady: by `find_members`.
    """
    cost = estimate(night, segment, rules)
    (n_members,) = find_members(night, [segment], rules, asked)
    n_customers = night.ask("select count(*) from asked_fields")[0][0]
    return {
        "segment_id": segment.segment_id,
        "day": str(asked.day),
        "n_members": n_members,
        "n_customers": n_customers,
        "share": n_members / n_customers if n_customers else 0.0,
        "overlaps": [
            format_overlap(name, n_shared, n_members, n_others)
            for name, n_shared, n_others in night.ask(OVERLAPS)
        ],
        "cost": {
            "n_read": cost.n_read,
            "n_made": cost.n_made,
            "parts": [
                {"reason": each.reason, "n_read": each.n_read, "n_made": each.n_made} for each in cost.costs
            ],
        },
    }


def format_overlap(name: str, n_shared: int, n_members: int, n_others: int) -> dict[str, Any]:
    """Whom two segments share, as `OverlapAnswer`: of both together, and of the first."""
    n_together = n_members + n_others - n_shared
    return {
        "segment_id": name,
        "n_shared": n_shared,
        "n_customers": n_others,
        "jaccard": n_shared / n_together if n_together else 0.0,
        "share": n_shared / n_members if n_members else 0.0,
    }


def compare_members(
    night: Night, before: Segment | None, after: Segment, rules: Mapping[str, Rule], asked: Asked
) -> dict[str, Any]:
    """How many would come and go if one definition stood in the place of another, as `DiffAnswer`; who is in
    the rows of `CHANGES`.

    Args:
        before: None: there is none yet.

    Raises:
        TooLargeToAnswer: the new one's cost is out of bounds.
        NotReady: by `find_members`.
    """
    estimate(night, after, rules)
    n_before, n_after = find_members(night, [before or NOBODY, after], rules, asked)
    n_customers = night.ask("select count(*) from asked_fields")[0][0]
    counts = dict(night.ask(f"select change, count(*) from ({CHANGES}) group by change"))
    n_enters, n_leaves = counts.get("enters", 0), counts.get("leaves", 0)
    return {
        "segment_id": after.segment_id,
        "day": str(asked.day),
        "n_before": n_before,
        "n_after": n_after,
        "n_enters": n_enters,
        "n_leaves": n_leaves,
        "n_stays": n_before - n_leaves,
        "n_customers": n_customers,
        "share": (n_enters + n_leaves) / n_customers if n_customers else 0.0,
    }


def estimate(night: Night, segment: Segment, rules: Mapping[str, Rule]) -> CostEstimate:
    """What a definition costs at this shop's size.

    Raises:
        TooLargeToAnswer: it is out of bounds.
    """
    has_events = find_requirements(segment.members, rules).has_events and night.has_table(EVENTS)
    n_events = (
        dict(night.ask(f"select event_type, count(*) from {EVENTS} group by event_type"))
        if has_events
        else {}
    )
    ((n_customers, n_days),) = night.ask(
        "select (select count(*) from dim_customers), (select count(*) from dim_dates)"
    )
    try:
        statistics = ShopStatistics(n_customers, n_events, max(1, n_days))
        (cost,) = check_costs([segment], statistics, night.limits)
    except SegmentCostError as error:
        raise TooLargeToAnswer(str(error)) from None
    return cost

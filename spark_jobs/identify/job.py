"""Who is who: link what was seen together, what is alike and what somebody decided; follow what the rules let; name the customers.

The whole of the graph is worked out each night from the core tables, so any order of nights ends in the same identities;
a night that brings nothing new writes nothing. Comparing records costs most, and is done for new and changed ones alone.
"""

from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame

from expectations.contracts import identity_decisions
from expectations.contracts.lake import (
    CORE_EVENTS,
    CORE_IDENTIFIERS,
    CORE_IDENTITIES,
    CORE_IDENTITY_CHANGES,
    CORE_IDENTITY_DECISIONS,
    CORE_IDENTITY_LIKENESS,
    CORE_IDENTITY_LINKS,
    CORE_IDENTITY_REVIEWS,
    CORE_ORDER_LINES,
    CORE_PEOPLE,
)
from expectations.contracts.tables import Table
from spark_jobs.identify import report, reviews, rules_file
from spark_jobs.identify.alike import alike
from spark_jobs.identify.changes import changes, moves
from spark_jobs.identify.customers import identities
from spark_jobs.identify.decided import ends, joined, rows
from spark_jobs.identify.guard import blocked, hold
from spark_jobs.identify.linkage.nightly import link_people
from spark_jobs.identify.links import links
from spark_jobs.identify.settle import settle
from spark_jobs.night import Night, TableReport
from spark_jobs.tables import Lake, Written


@dataclass(frozen=True)
class Evidence:
    """All that is known tonight of who belongs together, and what somebody said about it."""

    identifiers: DataFrame
    links: DataFrame
    cards: DataFrame
    decisions: DataFrame


def run(night: Night, lake: Lake) -> list[TableReport]:
    """Write likeness, decisions, links, changes, identities and questions, and draw the night's report."""
    rules = rules_file.load()
    reports = [take_decisions(night, lake), compare(night, lake, rules)]
    evidence = gather(lake)
    links_now, after = resolve_all(evidence, rules)
    reports += keep(night, lake, links_now, after)
    reports.append(ask(lake, rules))
    draw(night, lake, rules)
    for frame in (after, links_now, evidence.identifiers):
        frame.unpersist()
    return reports

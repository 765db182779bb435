"""Who is who: link what was seen together, is alike or was decided; follow what the rules let; name the
customers.

The whole of the graph is worked out each night from the core tables, so any order of nights ends in the same
identities; a night that brings nothing new writes nothing. Comparing records costs most, and is done for new
and changed ones alone.
"""

from dataclasses import asdict, dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from expectations.contracts import identity_decisions
from expectations.contracts.identity_rules import IdentityRules, load_identity_rules
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
from spark_jobs.identify.changes import build_identity_changes, compare_identities
from spark_jobs.identify.decisions import (
    build_decision_links,
    build_decision_rows,
    build_pair_table,
    select_decided_pairs,
)
from spark_jobs.identify.graph.customers import assign_customers
from spark_jobs.identify.graph.likeness_links import (
    PEOPLE_COLUMNS,
    build_likeness_links,
    drop_blocked_identifiers,
    list_record_identifiers,
)
from spark_jobs.identify.graph.links import link_seen_identifiers
from spark_jobs.identify.report.page import IdentityReport
from spark_jobs.identify.report.page import write_page as write_page
from spark_jobs.identify.review.questions import ReviewLimits, build_review_questions
from spark_jobs.identify.rules.clustering import cluster_identifiers
from spark_jobs.identify.rules.link_limits import find_blocked_identifiers, mark_held_links
from spark_jobs.lake.tables import Lake, WriteResult
from spark_jobs.linkage.blocked_contacts import IDENTIFIER_COLUMNS, mask_blocked_contacts
from spark_jobs.linkage.home_model import load_home_model
from spark_jobs.linkage.state import LinkageOptions, link_people
from spark_jobs.run.context import RunContext, TableReport


@dataclass(frozen=True)
class GraphInputs:
    """All that is known tonight of who belongs together, and what somebody said about it, as Spark frames."""

    identifiers: DataFrame
    nobody: DataFrame
    links: DataFrame
    cards: DataFrame
    refused: DataFrame
    splits: DataFrame


def run(night: RunContext, lake: Lake) -> list[TableReport]:
    """Write decisions, likeness, links, changes, identities and questions, and draw the night's report.

    Raises:
        IdentityRulesError, DecisionError: the rules file or the file of decisions says what is not allowed.
    """
    rules = load_identity_rules()
    identifiers = lake.read(CORE_IDENTIFIERS).persist()
    nobody = find_blocked_identifiers(identifiers, rules.blocked).localCheckpoint()
    people = drop_blocked_identifiers(
        lake.read_arrow(CORE_PEOPLE, PEOPLE_COLUMNS), {row["identifier_id"] for row in nobody.collect()}
    )
    reports = [write_decisions(night, lake), compare_people(night, lake, rules)]
    evidence = read_graph_inputs(lake, identifiers, nobody, people, rules)
    links_now, after = resolve_identities(evidence, rules)
    reports += write_identities(night, lake, links_now, after)
    reports.append(write_reviews(night, lake, people, rules))
    for frame in (after, links_now, evidence.links, identifiers):
        frame.unpersist()
    return reports


def write_decisions(night: RunContext, lake: Lake) -> TableReport:
    """Copy the file of decisions into the lake.

    Raises:
        DecisionError: a line of it is none.
    """
    said = identity_decisions.read(night.settings.home / identity_decisions.FILE)
    return replace_and_report(
        lake, build_decision_rows(said, identity_decisions.in_force(said)), CORE_IDENTITY_DECISIONS
    )


def compare_people(night: RunContext, lake: Lake, rules: IdentityRules) -> TableReport:
    """Compare new and changed records of people with all others, and write which are alike."""
    folder = night.settings.paths.identity
    people = mask_blocked_contacts(
        lake.read_arrow(CORE_PEOPLE), lake.read_arrow(CORE_IDENTIFIERS, IDENTIFIER_COLUMNS), rules.blocked
    )
    model = load_home_model(night.settings.home)
    given = LinkageOptions(rules.likeness.too_common, night.settings.spark_memory)
    linked = link_people(folder / "linkage.duckdb", people, model, given, lake.spark)
    written = lake.replace(convert_to_frame(lake.spark, linked.likeness), CORE_IDENTITY_LIKENESS)
    compared = asdict(linked.updated) if linked.updated else {"n_new": people.num_rows}
    return build_report(CORE_IDENTITY_LIKENESS, written, model=model.fingerprint, **compared)


def read_graph_inputs(
    lake: Lake, identifiers: DataFrame, nobody: DataFrame, people: pa.Table, rules: IdentityRules
) -> GraphInputs:
    """The night's links from the core tables, before any rule."""
    spark, decisions = lake.spark, lake.read_arrow(CORE_IDENTITY_DECISIONS)
    known = lake.read_arrow(CORE_IDENTIFIERS, ["identifier_id"])["identifier_id"]
    joins, refused, splits = (
        select_decided_pairs(decisions, word, known) for word in ("join", "refuse", "split")
    )
    parted = {each["pair"] for each in (*refused, *splits)}
    by_likeness, cards = build_likeness_links(
        lake.read_arrow(CORE_IDENTITY_LIKENESS), people, rules.likeness.link, parted
    )
    found = link_seen_identifiers(lake.read(CORE_EVENTS), lake.read(CORE_ORDER_LINES), lake.read(CORE_PEOPLE))
    for more in (build_decision_links(joins), by_likeness):
        if more.num_rows:
            found = found.unionByName(convert_to_frame(spark, more))
    said_no, said_two = (convert_to_frame(spark, build_pair_table(each)) for each in (refused, splits))
    return GraphInputs(
        identifiers, nobody, found.persist(), convert_to_frame(spark, cards), said_no, said_two
    )


def resolve_identities(evidence: GraphInputs, rules: IdentityRules) -> tuple[DataFrame, DataFrame]:
    """`core_identity_links` and `core_identities` of tonight."""
    identifiers = evidence.identifiers
    held = mark_held_links(
        evidence.links, identifiers, evidence.nobody, evidence.cards, evidence.refused, rules
    ).persist()
    links_now, reached = cluster_identifiers(held, identifiers, evidence.splits, rules)
    return links_now.persist(), assign_customers(identifiers, reached, evidence.nobody).persist()


def write_identities(
    night: RunContext, lake: Lake, links_now: DataFrame, after: DataFrame
) -> list[TableReport]:
    """Write the changes, the identities and the links.

    The changes are written before the identities they lead to. A run that is cut off between the two never
    happened: the next one finds what has changed by then, if anything, in the place of what that one wrote
    under the same number. The links come last: those of the night before are the reason why something parted,
    until it has.
    """
    before, reports = lake.version(CORE_IDENTITIES), []
    moved = compare_identities(lake.read(CORE_IDENTITIES), after).persist()
    number = 0 if before is None else before + 1
    said = lake.read_arrow(CORE_IDENTITY_CHANGES, ["change_id"])["change_id"]
    was_cut_off = pc.any(pc.starts_with(said, f"{number:010d}-")).as_py()
    if before is None or was_cut_off or not moved.where("not (was <=> now)").isEmpty():
        issued = lake.read(CORE_IDENTITY_CHANGES).where("change = 'created'").select("customer_id").distinct()
        tonight = build_identity_changes(
            moved,
            issued,
            lake.read(CORE_IDENTITY_LINKS),
            links_now,
            number,
            night.days.last,
            night.run_id,
        )
        written = lake.replace(tonight, CORE_IDENTITY_CHANGES, within=f"change_id like '{number:010d}-%'")
        reports.append(build_report(CORE_IDENTITY_CHANGES, written))
    reports.append(
        build_report(CORE_IDENTITIES, lake.replace(after, CORE_IDENTITIES), **count_identities(after))
    )
    reports.append(build_report(CORE_IDENTITY_LINKS, lake.replace(links_now, CORE_IDENTITY_LINKS)))
    moved.unpersist()
    return reports


def write_reviews(night: RunContext, lake: Lake, people: pa.Table, rules: IdentityRules) -> TableReport:
    """Write the questions that a person should answer, and the page that shows them."""
    identifiers, whose = (
        lake.read_arrow(CORE_IDENTIFIERS, ["identifier_id", "kind", "source"]),
        lake.read_arrow(CORE_IDENTITIES),
    )
    somebodys = identifiers.filter(
        pc.is_in(identifiers["identifier_id"], value_set=whose["identifier_id"].combine_chunks())
    )
    links_now, likeness = lake.read_arrow(CORE_IDENTITY_LINKS), lake.read_arrow(CORE_IDENTITY_LIKENESS)
    limits = ReviewLimits(rules.giant, rules.likeness.review, rules.likeness.link)
    decisions = lake.read_arrow(CORE_IDENTITY_DECISIONS)
    asked = build_review_questions(
        somebodys, links_now, whose, likeness, list_record_identifiers(people), decisions, limits
    )
    changed = lake.read_arrow(CORE_IDENTITY_CHANGES)
    tonight = changed.filter(pc.equal(changed["run_id"], night.run_id))
    write_page(
        night.settings.paths.reports(night.slug),
        IdentityReport(
            f"Who is who, up to {night.days.last}",
            somebodys,
            links_now,
            whose,
            likeness,
            tonight,
            asked,
            limits,
        ),
    )
    return replace_and_report(lake, asked.rows.to_pylist(), CORE_IDENTITY_REVIEWS, **asked.n_found)


def convert_to_frame(spark: SparkSession, found: pa.Table) -> DataFrame:
    """An Arrow table as a frame; Spark takes no empty one."""
    return spark.createDataFrame(found if found.num_rows else [], from_arrow_schema(found.schema))


def count_identities(after: DataFrame) -> dict:
    """Identifiers and customers, for the summary."""
    n_identifiers, n_customers = after.selectExpr("count(*)", "count(distinct customer_id)").first()
    return {"n_identifiers": n_identifiers, "n_customers": n_customers}


def replace_and_report(lake: Lake, few: list[dict], table: Table, **detail) -> TableReport:
    """Make a small table hold these rows, and report it."""
    before = lake.version(table)
    lake.replace_rows(few, table)
    return TableReport(table.name, before, lake.version(table), n_rows=len(few), detail=detail)


def build_report(table: Table, written: WriteResult, **detail) -> TableReport:
    return TableReport(
        table.name,
        written.version_before,
        written.version_after,
        n_inserted=written.n_inserted,
        n_updated=written.n_updated,
        n_unchanged=written.n_unchanged,
        touched_dates=written.touched_dates,
        detail={"deleted": written.n_deleted, **detail},
    )

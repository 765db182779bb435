"""Who is who: link identifiers that were seen together, are alike or were decided on; follow the links that
the identity rules allow; give each cluster its customer id.

The whole graph is computed each night from the core tables, so any order of nights ends in the same
identities; a night that brings nothing new writes nothing. Comparing records costs most, and is done for new
and changed ones alone. All of it happens in this process, by DuckDB, Arrow and numpy; Spark compares a first
million of records alone.
"""

from dataclasses import asdict

from expectations.contracts import identity_decision_file, identity_decisions
from expectations.contracts.identity_rules import IdentityRules, load_identity_rules
from expectations.contracts.lake import (
    CORE_IDENTIFIERS,
    CORE_IDENTITY_DECISIONS,
    CORE_IDENTITY_LIKENESS,
    CORE_PEOPLE,
)
from spark_jobs.identify.decisions import build_decision_rows
from spark_jobs.identify.graph.likeness_links import PEOPLE_COLUMNS, drop_blocked_identifiers
from spark_jobs.identify.identity_tables import write_identities
from spark_jobs.identify.resolution import read_graph_inputs, resolve_identities
from spark_jobs.identify.review_tables import write_reviews
from spark_jobs.identify.rules.link_limits import find_blocked_identifiers
from spark_jobs.identify.table_writes import build_table_report, replace_small_table
from spark_jobs.lake.queries import open_database
from spark_jobs.lake.tables import Lake
from spark_jobs.linkage.blocked_contacts import IDENTIFIER_COLUMNS, mask_blocked_contacts
from spark_jobs.linkage.home_model import load_home_model
from spark_jobs.linkage.state import LinkageOptions, link_people
from spark_jobs.run.context import RunContext, TableReport


def run(context: RunContext, lake: Lake) -> list[TableReport]:
    """Write decisions, likeness, links, changes, identities and questions, and the page that shows them.

    Raises:
        IdentityRulesError, DecisionError: the rules file or the file of decisions says what is not allowed.
    """
    rules = load_identity_rules()
    identifiers = lake.read_arrow(CORE_IDENTIFIERS).sort_by("identifier_id")
    blocked = find_blocked_identifiers(identifiers, rules.blocked)
    people = drop_blocked_identifiers(
        lake.read_arrow(CORE_PEOPLE, PEOPLE_COLUMNS), set(blocked["identifier_id"].to_pylist())
    )
    reports = [write_decisions(context, lake), compare_people(context, lake, rules)]
    with open_database(context.settings.spark_memory) as con:
        inputs = read_graph_inputs(lake, con, identifiers, blocked, people, rules)
        links_now, after = resolve_identities(con, inputs, rules)
        reports += write_identities(context, lake, con, links_now, after)
    reports.append(write_reviews(context, lake, people, rules))
    return reports


def write_decisions(context: RunContext, lake: Lake) -> TableReport:
    """Copy the file of decisions into the lake.

    Raises:
        DecisionError: a line of it is none.
    """
    decisions = identity_decision_file.read_decisions(
        context.settings.home / identity_decision_file.DECISIONS_FILE
    )
    return replace_small_table(
        lake,
        build_decision_rows(decisions, identity_decisions.select_in_force(decisions)),
        CORE_IDENTITY_DECISIONS,
    )


def compare_people(context: RunContext, lake: Lake, rules: IdentityRules) -> TableReport:
    """Compare new and changed records of people with all others, and write which are alike."""
    people = mask_blocked_contacts(
        lake.read_arrow(CORE_PEOPLE), lake.read_arrow(CORE_IDENTIFIERS, IDENTIFIER_COLUMNS), rules.blocked
    )
    model = load_home_model(context.settings.home)
    options = LinkageOptions(rules.likeness.too_common, context.settings.spark_memory)
    linked = link_people(context.settings.paths.linkage_state, people, model, options, lambda: lake.spark)
    result = lake.replace(linked.likeness, CORE_IDENTITY_LIKENESS)
    counts = asdict(linked.updated) if linked.updated else {"n_new": people.num_rows}
    return build_table_report(CORE_IDENTITY_LIKENESS, result, model=model.fingerprint, **counts)

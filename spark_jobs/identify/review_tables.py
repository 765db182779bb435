"""Write the questions of a run that a person should answer, and the page that shows them."""

import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.identity_rules import IdentityRules
from expectations.contracts.lake import (
    CORE_IDENTIFIERS,
    CORE_IDENTITIES,
    CORE_IDENTITY_CHANGES,
    CORE_IDENTITY_DECISIONS,
    CORE_IDENTITY_LIKENESS,
    CORE_IDENTITY_LINKS,
    CORE_IDENTITY_REVIEWS,
)
from spark_jobs.identify.graph.likeness_links import list_record_identifiers
from spark_jobs.identify.report.page import IdentityReport, write_page
from spark_jobs.identify.review.inputs import ReviewLimits, ReviewTables
from spark_jobs.identify.review.questions import build_review_questions
from spark_jobs.identify.table_writes import replace_small_table
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import RunContext, TableReport


def write_reviews(context: RunContext, lake: Lake, people: pa.Table, rules: IdentityRules) -> TableReport:
    """Write the questions that a person should answer, and the page that shows them."""
    identifiers, identities = (
        lake.read_arrow(CORE_IDENTIFIERS, ["identifier_id", "kind", "source"]),
        lake.read_arrow(CORE_IDENTITIES),
    )
    known = identifiers.filter(
        pc.is_in(identifiers["identifier_id"], value_set=identities["identifier_id"].combine_chunks())
    )
    links_now, likeness = lake.read_arrow(CORE_IDENTITY_LINKS), lake.read_arrow(CORE_IDENTITY_LIKENESS)
    limits = ReviewLimits(rules.giant, rules.likeness.review, rules.likeness.link)
    decisions = lake.read_arrow(CORE_IDENTITY_DECISIONS)
    tables = ReviewTables(known, links_now, identities, likeness, list_record_identifiers(people), decisions)
    questions = build_review_questions(tables, limits)
    changed = lake.read_arrow(CORE_IDENTITY_CHANGES)
    changes_now = changed.filter(pc.equal(changed["run_id"], context.run_id))
    write_page(
        context.settings.paths.identity_report(context.slug),
        IdentityReport(
            f"Who is who, up to {context.days.last}",
            known,
            links_now,
            identities,
            likeness,
            changes_now,
            questions,
            limits,
        ),
    )
    return replace_small_table(lake, questions.rows.to_pylist(), CORE_IDENTITY_REVIEWS, **questions.n_found)

"""What `core_identity_links` must hold before anyone reads it."""

from expectations.contracts.lake import CORE_IDENTITY_LINKS
from expectations.suites.suite import Suite, each_row, ids, matches, not_null, one_of

SUITE = Suite(
    CORE_IDENTITY_LINKS,
    (
        *ids("identifier_id_a", "identifier_id_b"),
        each_row("in_order", "identifier_id_a < identifier_id_b", "A pair stands once, or its evidence is counted twice."),
        one_of("rule", ("same_event", "same_order", "same_person_record"), "A merge must be explained by a rule that is known."),
        one_of("weight", (0.0, 1.0), "A link is followed or kept as evidence; there is nothing between yet."),
        not_null("evidence", "A merge must name the row that shows it."),
        matches("evidence", "^core_(?:events|order_lines|people)/.", "Evidence is `<table>/<key>`, so that it can be looked up."),
    ),
)

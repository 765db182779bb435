"""What `core_identity_links` must hold before anyone reads it."""

from expectations.contracts.lake import CORE_IDENTITY_LINKS
from expectations.suites.suite import (
    Suite,
    expect_between,
    expect_each_row,
    expect_identifier_ids,
    expect_match,
    expect_not_null,
    expect_one_of,
)

RULES = ("same_event", "same_order", "same_person_record", "alike", "decision")

SUITE = Suite(
    CORE_IDENTITY_LINKS,
    (
        *expect_identifier_ids("identifier_id_a", "identifier_id_b"),
        expect_each_row(
            "in_order",
            "identifier_id_a < identifier_id_b",
            "A pair stands once, or its evidence is counted twice.",
        ),
        expect_one_of("rule", RULES, "A merge must be explained by a rule that is known."),
        expect_between("weight", 0.0, 1.0, "A weight is a probability."),
        expect_each_row(
            "what_was_seen_is_sure", "rule = 'alike' or weight = 1", "Only likeness is a matter of degree."
        ),
        expect_each_row(
            "held_or_followed", "is_followed = (held_by is null)", "A link that is not followed says why."
        ),
        expect_match(
            "held_by",
            "^(?:blocked|shared|limits|decision)/[a-z_]+$",
            "Why it is held must be found in the rules file.",
        ),
        expect_not_null("evidence", "A merge must name the row that shows it."),
        expect_match(
            "evidence",
            "^core_(?:events|order_lines|people|identity_decisions)/.",
            "Evidence is `<table>/<key>`, so that it can be looked up.",
        ),
    ),
)

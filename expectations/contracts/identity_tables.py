"""The lake's tables of who is who: identifiers, what joins them, what somebody decided, whose each is, and
what has changed.
"""

from expectations.contracts.tables import Table

CORE_IDENTIFIERS = Table(
    name="core_identifiers",
    grain="One row per identifier of a person or a browser.",
    key=("identifier_id",),
    not_null=("kind", "value_normalised", "first_seen_at"),
    personal=("value", "value_normalised"),
    columns={
        "identifier_id": "string",
        "kind": "string",
        "source": "string",  # null for kinds that sources share: email, phone
        "value": "string",
        "value_normalised": "string",
        "first_seen_at": "timestamp",
    },
)

CORE_IDENTITY_LINKS = Table(
    name="core_identity_links",
    grain="One row per pair of identifiers that may be one person's and the rule that says so.",
    key=("identifier_id_a", "identifier_id_b", "rule"),
    not_null=("first_seen_at", "weight", "is_followed"),
    columns={
        "identifier_id_a": "string",  # a < b
        "identifier_id_b": "string",
        # same_event, same_order, same_person_record: seen together; alike: records compared; decision:
        # somebody said so
        "rule": "string",
        "evidence": "string",  # the earliest row that shows it: `<table>/<key>`
        "weight": "double",  # probability that both ends are one person's; 1 for what was seen together
        "is_followed": "boolean",  # false: evidence only
        # why it is not followed: `<section>/<rule>` of spark_jobs/identify/rules.yml, or `decision/<word>`
        "held_by": "string",
        "first_seen_at": "timestamp",
    },
)

CORE_IDENTITY_LIKENESS = Table(
    name="core_identity_likeness",
    grain=(
        "One row per pair of person records that may be one person's, from the review threshold on; no"
        " personal values."
    ),
    key=("source_a", "record_id_a", "source_b", "record_id_b"),  # a < b
    not_null=("probability", "match_weight", "is_one_person"),
    columns={
        "source_a": "string",
        "record_id_a": "string",
        "source_b": "string",
        "record_id_b": "string",
        "probability": "double",  # calibrated
        # bits: log2 of how many times likelier the agreements are for one person than for two
        "match_weight": "double",
        "agreements": "map<string,string>",  # comparison → level reached and its bits: `same postcode +8.1`
        "is_one_person": "boolean",  # the two stand in one cluster of records
    },
)

CORE_IDENTITY_DECISIONS = Table(
    name="core_identity_decisions",
    grain="One row per decision that someone took about two identifiers, in the order they were taken.",
    key=("decision_id",),
    not_null=("decided_at", "decision", "is_in_force"),
    columns={
        "decision_id": "string",  # hash of its line
        "decided_at": "timestamp",
        # split: never one customer; refuse: this link is not followed; join: one customer; withdraw: as if
        # never said
        "decision": "string",
        "identifier_id_a": "string",
        "identifier_id_b": "string",
        "decided_by": "string",
        "reason": "string",
        "is_in_force": "boolean",  # the last word about its pair
    },
)

CORE_IDENTITY_REVIEWS = Table(
    name="core_identity_reviews",
    grain="One row per question about a merge that a person should answer, most harmful first.",
    key=("review_id",),
    not_null=("kind", "score", "is_held_back"),
    columns={
        "review_id": "string",
        # giant: a customer of too many identifiers; bridge: one link holds two groups together; likeness: in
        # doubt
        "kind": "string",
        "customer_id": "string",
        "identifier_id_a": "string",  # the link to decide on; for a giant, its weakest bridge if it has one
        "identifier_id_b": "string",
        "score": "double",  # larger is more urgent, within a kind
        "n_identifiers": "int",  # of the customer, or of both together
        "is_held_back": "boolean",  # not served personally until decided
        "because": "string",
    },
)

CORE_IDENTITIES = Table(
    name="core_identities",
    grain="One row per identifier: whose it is now.",
    key=("identifier_id",),
    not_null=("customer_id",),
    columns={"identifier_id": "string", "customer_id": "string"},
)

CORE_IDENTITY_CHANGES = Table(
    name="core_identity_changes",
    grain="Append-only: one row per customer id created, merged, split or renamed.",
    key=("change_id",),
    columns={
        "change_id": "string",
        "change": "string",  # created, merged, split, renamed, retired
        "customer_id": "string",
        # where the id resolves from now on; equal to customer_id when created or retired
        "to_customer_id": "string",
        "because": "string",
        "landing_date": "date",  # the newest landing day of the run that saw it
        "run_id": "string",
    },
)

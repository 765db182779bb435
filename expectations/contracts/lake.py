"""The lake's catalogue: every Delta table under `$CONCIERGE_HOME/lake`, by the name it has everywhere.

`raw_<source>__<entity>` tables are not listed: a source module declares its columns and `raw_table` makes the rest,
so that adding a source stays adding one file.
"""

from expectations.contracts.tables import Table

MONEY = "decimal(12,4)"
AMOUNT = "decimal(18,4)"
# Where a record was first received, as `<landing day>/<file>#<line, nine digits>`: text order is order of arrival, so the
# same winner among duplicates comes out of any order of nights.
RECEIVED = {"first_received": "string"}

RAW_PROVENANCE = {
    "source_file": "string",
    "source_line": "int",
    "delivery_id": "string",
    "landing_date": "date",
}


def raw_table(source: str, entity: str, columns: tuple[str, ...]) -> Table:
    """The contract of `raw_<source>__<entity>`: all columns as received (strings), then where each record came from."""
    return Table(
        name=f"raw_{source}__{entity}",
        grain="One row per received record.",
        key=("delivery_id", "source_line"),
        columns={**dict.fromkeys(columns, "string"), **RAW_PROVENANCE},
        partition="landing_date",
        personal=columns,
    )


CORE_EVENTS = Table(
    name="core_events",
    grain="One row per behaviour event.",
    key=("event_id",),
    partition="occurred_date",
    not_null=("source", "event_type", "occurred_at", "occurred_date"),
    columns={
        "event_id": "string",
        "source": "string",
        "event_type": "string",  # view, cart, purchase, search, page, identify; a purchase event has one row per item
        "occurred_at": "timestamp",
        "occurred_date": "date",
        "item_id": "string",
        "order_id": "string",
        "quantity": "int",
        "unit_price": MONEY,
        "currency": "string",
        "user_identifier_id": "string",
        "anonymous_identifier_id": "string",
        "session_id": "string",
        "device_type": "string",
        "page_path": "string",
        "referrer": "string",
        "campaign": "string",
        "country": "string",
        "has_analytics_consent": "boolean",
        "has_personalization_consent": "boolean",
        "request_id": "string",
        **RECEIVED,
    },
)

CORE_ORDER_LINES = Table(
    name="core_order_lines",
    grain="One row per order line.",
    key=("source", "order_id", "line_no"),
    partition="ordered_date",
    not_null=("ordered_at", "ordered_date", "line_type", "quantity", "unit_price", "amount", "currency"),
    checks={"line_type_known": "line_type in ('sale', 'return', 'charge', 'adjustment', 'bookkeeping')"},
    columns={
        "source": "string",
        "order_id": "string",
        "line_no": "int",
        "line_type": "string",
        "ordered_at": "timestamp",
        "ordered_date": "date",
        "item_id": "string",
        "quantity": "int",  # negative on returns
        "unit_price": MONEY,
        "amount": AMOUNT,  # quantity × unit_price, so negative on returns
        "currency": "string",
        "user_identifier_id": "string",  # null: a guest
        "email_identifier_id": "string",
        "country": "string",
        "channel": "string",  # web, app, store, …; null when the source does not say
        "returned_order_id": "string",
        **RECEIVED,
    },
)

CORE_PEOPLE = Table(
    name="core_people",
    grain="One row per source's person record, as last received.",
    key=("source", "record_id"),
    personal=("first_name", "last_name", "email", "phone", "address_line", "city", "postcode", "birth_date"),
    columns={
        "source": "string",
        "record_id": "string",
        "crm_identifier_id": "string",
        "user_identifier_id": "string",
        "email_identifier_id": "string",
        "phone_identifier_id": "string",
        "first_name": "string",
        "last_name": "string",
        "email": "string",
        "phone": "string",
        "address_line": "string",
        "city": "string",
        "postcode": "string",
        "birth_date": "date",
        "country": "string",
        "created_at": "timestamp",
        "updated_at": "timestamp",
        **RECEIVED,
    },
)

CORE_ITEMS = Table(
    name="core_items",
    grain="One row per item, as it is now.",
    key=("item_id",),
    not_null=("is_recommendable", "is_in_stock", "is_consumable", "first_seen_at"),
    columns={
        "item_id": "string",
        "title": "string",
        "category_path": "array<string>",  # broadest first
        "brand": "string",
        "price": MONEY,
        "currency": "string",
        "n_stock": "int",  # null: the source does not say
        "is_in_stock": "boolean",
        "is_consumable": "boolean",  # may be recommended again after a purchase
        "is_recommendable": "boolean",  # goods, on sale, not discontinued
        "attributes": "map<string,string>",
        "image_url": "string",
        "first_seen_at": "timestamp",
        "updated_at": "timestamp",
    },
)

CORE_ITEM_CHANGES = Table(
    name="core_item_changes",
    grain="One row per change of one field of an item.",
    key=("item_id", "changed_at", "field"),
    partition="changed_date",
    columns={
        "item_id": "string",
        "changed_at": "timestamp",
        "changed_date": "date",
        "field": "string",
        "old_value": "string",  # null: the item's first appearance
        "new_value": "string",
    },
)

CORE_CONSENTS = Table(
    name="core_consents",
    grain="One row per identifier, purpose and time: granted or denied, by which source.",
    key=("identifier_id", "purpose", "consented_at", "source"),
    not_null=("is_granted",),
    columns={
        "identifier_id": "string",
        "purpose": "string",  # analytics, personalization, marketing
        "consented_at": "timestamp",
        "source": "string",
        "is_granted": "boolean",
        **RECEIVED,
    },
)

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
        # same_event, same_order, same_person_record: seen together; alike: records compared; decision: somebody said so
        "rule": "string",
        "evidence": "string",  # the earliest row that shows it: `<table>/<key>`
        "weight": "double",  # probability that both ends are one person's; 1 for what was seen together
        "is_followed": "boolean",  # false: evidence only
        "held_by": "string",  # why it is not followed: `<section>/<rule>` of spark_jobs/identify/rules.yml, or `decision/<word>`
        "first_seen_at": "timestamp",
    },
)

CORE_IDENTITY_LIKENESS = Table(
    name="core_identity_likeness",
    grain="One row per pair of person records that may be one person's, from the review threshold on; no personal values.",
    key=("source_a", "record_id_a", "source_b", "record_id_b"),  # a < b
    not_null=("probability", "match_weight", "is_one_person"),
    columns={
        "source_a": "string",
        "record_id_a": "string",
        "source_b": "string",
        "record_id_b": "string",
        "probability": "double",  # calibrated
        "match_weight": "double",  # bits: log2 of how many times likelier the agreements are for one person than for two
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
        # split: never one customer; refuse: this link is not followed; join: one customer; withdraw: as if never said
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
        # giant: a customer of too many identifiers; bridge: one link holds two groups together; likeness: in doubt
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
        "to_customer_id": "string",  # where the id resolves from now on; equal to customer_id when created or retired
        "because": "string",
        "landing_date": "date",  # the newest landing day of the run that saw it
        "run_id": "string",
    },
)

LISTED_ITEM = "struct<item_id:string,score:double,sources:array<string>>"
SERVED_ITEM = "struct<item_id:string,rank:int,score:double,source:string>"

CORE_IMPRESSIONS = Table(
    name="core_impressions",
    grain="One row per served list.",
    key=("request_id",),
    partition="served_date",
    not_null=("served_at", "served_date", "list_source", "items"),
    columns={
        "request_id": "string",
        "served_at": "timestamp",
        "served_date": "date",
        "placement": "string",
        "customer_id": "string",  # null: an unknown visitor
        "list_source": "string",
        "items": f"array<{SERVED_ITEM}>",
        "model_version": "string",
        "snapshot": "string",
        "applied_overrides": "array<string>",
        "policy": "string",
        "propensity": "double",
        "experiment": "string",
        "variant": "string",
        **RECEIVED,
    },
)

QUARANTINE = Table(
    name="quarantine",
    grain="One row per refused record.",
    key=("delivery_id", "source_line"),
    partition="landing_date",
    not_null=("source", "entity", "reason"),
    personal=("raw_text", "detail"),
    columns={
        "source": "string",
        "entity": "string",
        "source_file": "string",
        "source_line": "int",
        "delivery_id": "string",
        "landing_date": "date",
        "raw_text": "string",
        "reason": "string",  # a code of expectations.contracts.reasons
        "detail": "string",
    },
)

FCT_INTERACTIONS = Table(
    name="fct_interactions",
    grain="One row per interaction of a customer with an item; brought from the warehouse, consent applied.",
    key=("interaction_id",),
    columns={
        "interaction_id": "string",
        "customer_id": "string",
        "item_id": "string",
        "interaction_type": "string",  # view, cart, purchase, return
        "occurred_at": "timestamp",
        "quantity": "int",
        "amount": AMOUNT,
        "order_id": "string",
    },
)

FEAT_CUSTOMERS = Table(
    name="feat_customers",
    grain="One row per customer who may be personalised for: attributes the recommenders read.",
    key=("customer_id",),
    columns={
        "customer_id": "string",
        "country": "string",
        "rfm_segment": "string",
        "channel": "string",
        "price_band": "string",  # low, middle, high: where the customer's mean unit price lies
        "favourite_category": "string",
        "n_orders": "int",
        "last_order_at": "timestamp",
        "segment_ids": "array<string>",
    },
)

FEAT_ITEMS = Table(
    name="feat_items",
    grain="One row per item: attributes the recommenders read.",
    key=("item_id",),
    not_null=("is_recommendable", "is_in_stock", "is_consumable"),
    columns={
        "item_id": "string",
        "title": "string",
        "category": "string",
        "category_path": "array<string>",
        "brand": "string",
        "price": MONEY,
        "price_band": "string",
        "is_recommendable": "boolean",
        "is_in_stock": "boolean",
        "is_consumable": "boolean",
        "first_seen_at": "timestamp",
    },
)

REC_CUSTOMER_ITEMS = Table(
    name="rec_customer_items_v1",
    grain="One row per customer: an ordered list of items.",
    key=("customer_id",),
    # `inputs` is a hash of all that the list was made of; whose is what it was is not scored again.
    # `because`: for the first places, by number from 0, the item of the customer's own history that speaks most for it.
    columns={
        "customer_id": "string",
        "items": f"array<{LISTED_ITEM}>",
        "model_version": "string",
        "because": "array<struct<place:int,item_id:string,wanted_date:date>>",
        "inputs": "bigint",
    },
)

REC_ITEM_ITEMS = Table(
    name="rec_item_items_v1",
    grain="One row per item: an ordered list of similar items.",
    key=("item_id",),
    columns={"item_id": "string", "items": f"array<{LISTED_ITEM}>", "model_version": "string"},
)

REC_AUDIENCE_ITEMS = Table(
    name="rec_audience_items_v1",
    grain="One row per audience: an ordered list of items.",
    key=("audience",),
    # `popular`, `new`, `country:<country>`, `segment:<segment_id>`, `segment:<segment_id>|country:<country>`
    columns={"audience": "string", "items": f"array<{LISTED_ITEM}>", "model_version": "string"},
)

REC_FOLD_IN = Table(
    name="rec_fold_in_v1",
    grain="One row per model (the served one): the factors in which a customer is placed by fresh events.",
    key=("model_version",),
    columns={
        "model_version": "string",
        "item_ids": "array<string>",  # of the items that have a place
        "n_components": "int",
        "factors": "array<double>",  # one item's after the other's
        "confidence": "double",
        "regularisation": "double",
        "half_life_days": "double",
        "trust": "array<struct<most_events:int,weight:double>>",  # by how many events, ascending; beyond the last, the last's
    },
)

OPS_DELIVERIES = Table(
    name="ops_deliveries",
    grain="One row per file received: the ingest manifest.",
    key=("delivery_id",),
    columns={
        "delivery_id": "string",  # hash of path and content
        "source": "string",
        "entity": "string",
        "source_file": "string",  # relative to landing/
        "landing_date": "date",
        "sha256": "string",
        "n_bytes": "bigint",
        "n_records": "bigint",  # null while it is begun and not taken in
        "superseded_by": "string",  # delivery_id of a later file of the same name; null while current
        "run_id": "string",
    },
)

OPS_RUNS = Table(
    name="ops_runs",
    grain="One row per run, step and table: the run manifest. Append-only; a repeated step adds rows.",
    key=(),
    columns={
        "run_id": "string",
        "step": "string",
        "table_name": "string",
        "days_from": "date",
        "days_to": "date",
        "version_before": "bigint",  # null: the table did not exist
        "version_after": "bigint",
        "n_rows": "bigint",
        "n_received": "bigint",
        "n_inserted": "bigint",
        "n_updated": "bigint",
        "n_unchanged": "bigint",
        "n_superseded": "bigint",
        "n_duplicate": "bigint",
        "n_quarantined": "bigint",
        "touched_dates": "array<date>",
        "detail": "string",  # JSON
        "seconds": "double",
        "finished_at": "timestamp",
        "code_hash": "string",
        "config_hash": "string",
    },
)

LAKE: dict[str, Table] = {table.name: table for table in list(globals().values()) if isinstance(table, Table)}

"""The lake's catalogue: every Delta table under `$CONCIERGE_HOME/lake`, by the name it has everywhere.

`raw_<source>__<entity>` tables are not listed: a source module declares its columns and `raw_tables.py` makes
the rest, so that adding a source stays adding one file. Tables of identity, of recommending and of the
lake's own running are declared in files of their own; whoever reads or writes one takes it from here.
"""

from expectations.contracts.identity_tables import (
    CORE_IDENTIFIERS,
    CORE_IDENTITIES,
    CORE_IDENTITY_CHANGES,
    CORE_IDENTITY_DECISIONS,
    CORE_IDENTITY_LIKENESS,
    CORE_IDENTITY_LINKS,
    CORE_IDENTITY_REVIEWS,
)
from expectations.contracts.prediction_tables import (
    PRED_CUSTOMER_CLUSTERS,
    PRED_CUSTOMER_SCORES,
    PRED_CUSTOMER_SEGMENTS,
)
from expectations.contracts.recommendation_tables import (
    FCT_INTERACTIONS,
    FEAT_CUSTOMER_TRAITS,
    FEAT_CUSTOMERS,
    FEAT_ITEMS,
    FEAT_LIVE_SEGMENTS,
    FEAT_SEGMENT_STATES,
    REC_AUDIENCE_ITEMS,
    REC_CUSTOMER_ITEMS,
    REC_FOLD_IN,
    REC_ITEM_ITEMS,
    REC_ITEM_NEXT,
    REC_STEERING,
)
from expectations.contracts.run_tables import OPS_DELIVERIES, OPS_RUNS, QUARANTINE
from expectations.contracts.tables import AMOUNT, MAX_QUANTITY, MONEY, Table

# Where a record was first received, as `<landing day>/<file>#<line, nine digits>`: text order is order of
# arrival, so the same winner among duplicates comes out of any order of nights.
RECEIVED = {"first_received": "string"}

# Browsers and servers take addresses of about this many characters.
MAX_URL = 8_192
PRICES = (0, 100_000_000)

CORE_EVENTS = Table(
    name="core_events",
    grain="One row per behaviour event.",
    key=("event_id",),
    partition="occurred_date",
    not_null=("source", "event_type", "occurred_at", "occurred_date"),
    ranges={"quantity": (1, MAX_QUANTITY), "unit_price": PRICES},
    lengths={"page_path": MAX_URL, "referrer": MAX_URL},
    columns={
        "event_id": "string",
        "source": "string",
        # one of event_format.EVENT_TYPES; a purchase event has one row per item
        "event_type": "string",
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
        # whose user, browser and order ids it uses: events sent to the service use those of the shop's own
        # files. null: from before this column, those of `source`
        "id_source": "string",
        "is_bot": "boolean",  # a crawler's, which nothing is learned or counted of; null: from before
        # where the visitor was, both or neither, and the zone and minute of the day of their own clock
        "latitude": "double",
        "longitude": "double",
        "time_zone": "string",
        "local_minute": "int",
        **RECEIVED,
    },
)

CORE_ORDER_LINES = Table(
    name="core_order_lines",
    grain="One row per order line.",
    key=("source", "order_id", "line_no"),
    partition="ordered_date",
    not_null=("ordered_at", "ordered_date", "line_type", "quantity", "unit_price", "amount", "currency"),
    ranges={"quantity": (-MAX_QUANTITY, MAX_QUANTITY)},
    checks={"line_type_known": "line_type in ('sale', 'return', 'charge', 'adjustment', 'bookkeeping')"},
    columns={
        "source": "string",
        "order_id": "string",
        "line_no": "int",
        "line_type": "string",
        "ordered_at": "timestamp",
        "ordered_date": "date",
        "item_id": "string",
        "item_title": "string",  # what the line calls the item, where a source has no catalogue
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
        # landing day of the first whole file without it; the record has no values since. null: it is there
        "ended_on": "date",
        **RECEIVED,
    },
)

CORE_ITEMS = Table(
    name="core_items",
    grain="One row per item, as it is now.",
    key=("item_id",),
    not_null=("is_recommendable", "is_in_stock", "is_consumable", "first_seen_at"),
    ranges={"price": PRICES},
    lengths={"image_url": MAX_URL},
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
        "is_goods": "boolean",  # false: postage, fees, discounts, vouchers; null: from before this column
        "is_recommendable": "boolean",  # goods, on sale, not discontinued
        "attributes": "map<string,string>",
        "image_url": "string",
        "first_seen_at": "timestamp",
        "updated_at": "timestamp",
        # landing day of the first whole catalogue without it, not recommendable since; null: it is there
        "ended_on": "date",
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
    grain=(
        "One row per identifier, purpose, feed and day on which it was granted or denied: the day's newest"
        " word of the kind."
    ),
    # A visitor's browser repeats its word with every event. A day's newest yes and newest no say all that the
    # rule asks.
    key=("identifier_id", "purpose", "source", "feed", "is_granted", "consented_date"),
    partition="consented_date",
    not_null=("consented_at",),
    columns={
        "identifier_id": "string",
        "purpose": "string",  # analytics, personalization, marketing
        "consented_at": "timestamp",
        "consented_date": "date",
        "source": "string",
        "feed": "string",  # the kind of file that said it: people, events
        "is_granted": "boolean",
        **RECEIVED,
    },
)

SERVED_ITEM = "struct<item_id:string,rank:int,score:double,source:string>"

CORE_IMPRESSIONS = Table(
    name="core_impressions",
    grain="One row per served list.",
    key=("request_id",),
    partition="served_date",
    not_null=("served_at", "served_date", "list_source", "items"),
    ranges={"propensity": (0, 1)},
    lengths={"items": 1_000},
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

LIST_ENTRIES = Table(
    name="list_entries",
    grain="One row per entry of an uploaded list.",
    key=("list_name", "kind", "entry_id"),
    columns={
        "list_name": "string",
        "kind": "string",  # customers or items
        "entry_id": "string",  # an identifier's id, or an item's
    },
)

SEGMENT_MOMENTS = Table(
    name="segment_moments",
    grain="One row per day of the shop and column of `moments`, as segments see it from the day's end.",
    key=("state_date", "bound"),
    columns={
        "state_date": "date",
        "bound": "string",
        "moment": "timestamp",
        "number": "int",
    },
)

EVERY_TABLE = (
    CORE_EVENTS,
    CORE_ORDER_LINES,
    CORE_PEOPLE,
    CORE_ITEMS,
    CORE_ITEM_CHANGES,
    CORE_CONSENTS,
    CORE_IDENTIFIERS,
    CORE_IDENTITY_LINKS,
    CORE_IDENTITY_LIKENESS,
    CORE_IDENTITY_DECISIONS,
    CORE_IDENTITY_REVIEWS,
    CORE_IDENTITIES,
    CORE_IDENTITY_CHANGES,
    CORE_IMPRESSIONS,
    QUARANTINE,
    FCT_INTERACTIONS,
    FEAT_CUSTOMERS,
    FEAT_CUSTOMER_TRAITS,
    FEAT_ITEMS,
    FEAT_LIVE_SEGMENTS,
    FEAT_SEGMENT_STATES,
    REC_CUSTOMER_ITEMS,
    REC_ITEM_ITEMS,
    REC_AUDIENCE_ITEMS,
    REC_FOLD_IN,
    REC_ITEM_NEXT,
    REC_STEERING,
    PRED_CUSTOMER_SCORES,
    PRED_CUSTOMER_CLUSTERS,
    PRED_CUSTOMER_SEGMENTS,
    LIST_ENTRIES,
    SEGMENT_MOMENTS,
    OPS_DELIVERIES,
    OPS_RUNS,
)
LAKE: dict[str, Table] = {table.name: table for table in EVERY_TABLE}

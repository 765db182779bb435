"""The lake's tables of recommending: what the recommenders read, brought from the warehouse, and the lists
they write.
"""

from expectations.contracts.tables import AMOUNT, MONEY, Table

FCT_INTERACTIONS = Table(
    name="fct_interactions",
    grain="One row per interaction of a customer with an item; brought from the warehouse, consent applied.",
    key=("interaction_id",),
    partition="occurred_date",  # `export` writes the days that changed
    columns={
        "interaction_id": "string",
        "customer_id": "string",
        "item_id": "string",
        "interaction_type": "string",  # view, cart, uncart, click, purchase, return
        "occurred_at": "timestamp",
        "occurred_date": "date",
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
        "has_analytics_consent": "boolean",  # false: no score is made of them; null: never asked
    },
)

FEAT_CUSTOMER_TRAITS = Table(
    name="feat_customer_traits",
    grain="One row per customer who may be personalised for: the shop's own traits, for their profile.",
    key=("customer_id",),
    not_null=("traits",),
    columns={
        "customer_id": "string",
        "traits": "string",  # a JSON object; which traits there are is the shop's to say
    },
)

FEAT_LIVE_SEGMENTS = Table(
    name="feat_live_segments",
    grain="One row per definition that lives between the nights, or that one of these names.",
    key=("segment_id",),
    not_null=("definition", "version", "is_live", "fingerprint"),
    columns={
        "segment_id": "string",
        "definition": "string",  # its text
        "version": "string",  # digest of the text, as the log of deployments has it
        "is_live": "boolean",
        "fingerprint": "string",  # of the program of all of them, which alone reads the states
        "item_lists": "string",  # JSON: the items of the lists it names, by name
        "order_feeds": "string",  # JSON: sources whose purchases are counted by their orders
    },
    lengths={"definition": 1_000_000, "item_lists": 100_000_000},
)

FEAT_SEGMENT_STATES = Table(
    name="feat_segment_states",
    grain="One row per customer who may be measured: what live segments begin with after the night.",
    key=("customer_id",),
    not_null=("base", "fingerprint", "events_digest", "context_digest", "changes_at"),
    columns={
        "customer_id": "string",
        "base": "binary",  # a packed `live_segments.SegmentBase`
        "fingerprint": "string",  # of the program that made it
        "events_digest": "string",  # of the events that it is of
        "context_digest": "string",  # of what is known beside them
        "changes_at": "bigint",  # microseconds since 1970; before it time alone changes nothing
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

LISTED_ITEM = "struct<item_id:string,score:double,sources:array<string>>"

REC_CUSTOMER_ITEMS = Table(
    name="rec_customer_items_v1",
    grain="One row per customer: an ordered list of items.",
    key=("customer_id",),
    # `inputs` is a hash of all that the list was made of; whose is what it was is not scored again.
    # `because`: for the first places, by number from 0, the item of the customer's own history that speaks
    # most for it.
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

REC_ITEM_NEXT = Table(
    name="rec_item_next_v1",
    grain="One row per item: an ordered list of the items that sessions go on with after it.",
    key=("item_id",),
    # a score is a weight from 0 to 1: a share of the most frequent, its root
    columns={"item_id": "string", "items": f"array<{LISTED_ITEM}>", "model_version": "string"},
)

REC_STEERING = Table(
    name="rec_steering_v1",
    grain="One row per model (the served one) with weights that passed their gate: what live behaviour"
    " weighs.",
    key=("model_version",),
    columns={
        "model_version": "string",
        "half_life_places": "double",  # after how many newer events an event counts half
        # by list that is steered and by most live events; weights by kind of event: view, cart, purchase
        "cohorts": "array<struct<is_personal:boolean,most_events:int,base:double,"
        "neighbours:array<double>,transitions:array<double>,fold_in:double>>",
    },
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
        # by how many events, ascending; beyond the last, the last's
        "trust": "array<struct<most_events:int,weight:double>>",
    },
)

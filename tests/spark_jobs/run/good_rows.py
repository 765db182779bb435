"""A good row of every table that a suite guards, to be broken on purpose."""

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal

from expectations.contracts.identifiers import derive_customer_id

AT, DAY = datetime(2026, 1, 5, 9, tzinfo=UTC), date(2026, 1, 5)


def iid(n: int) -> str:
    return "i_" + hashlib.sha256(str(n).encode()).hexdigest()[:32]


def cid(n: int) -> str:
    return derive_customer_id(iid(n))


def listed(*items: tuple) -> list[tuple]:
    return [(name, score, sources) for name, score, sources in items]


GOOD_LIST = listed(("item-a", 2.0, ["popular"]), ("item-b", 1.0, ["popular"]))

# table → a good row, n counting from 0.
GOOD = {
    "core_events": lambda n: {
        "event_id": f"e{n}",
        "source": "shop",
        "event_type": "view",
        "occurred_at": AT,
        "occurred_date": DAY,
        "item_id": "item",
        "anonymous_identifier_id": iid(n),
        "first_received": "2026-01-06/f#000000001",
    },
    "core_order_lines": lambda n: {
        "source": "shop",
        "order_id": f"o{n}",
        "line_no": 1,
        "line_type": "sale",
        "ordered_at": AT,
        "ordered_date": DAY,
        "item_id": "item",
        "quantity": 2,
        "unit_price": Decimal("1.5"),
        "amount": Decimal("3"),
        "currency": "EUR",
        "user_identifier_id": iid(n),
    },
    "core_people": lambda n: {
        "source": "shop",
        "record_id": f"r{n}",
        "email": "a@b.test",
        "email_identifier_id": iid(n),
        "created_at": AT,
        "updated_at": AT,
        "birth_date": date(1980, 1, 1),
    },
    "core_items": lambda n: {
        "item_id": f"item{n}",
        "title": "Mug",
        "price": Decimal(4),
        "currency": "EUR",
        "n_stock": 1,
        "is_in_stock": True,
        "is_consumable": False,
        "is_recommendable": True,
        "first_seen_at": AT,
    },
    "core_item_changes": lambda n: {
        "item_id": f"item{n}",
        "changed_at": AT,
        "changed_date": DAY,
        "field": "price",
        "old_value": None,
        "new_value": "4",
    },
    "core_consents": lambda n: {
        "identifier_id": iid(n),
        "purpose": "marketing",
        "consented_at": AT,
        "consented_date": DAY,
        "source": "shop",
        "feed": "people",
        "is_granted": False,
    },
    "core_identifiers": lambda n: {
        "identifier_id": iid(n),
        "kind": "user_id",
        "source": "shop",
        "value": f"u{n}",
        "value_normalised": f"u{n}",
        "first_seen_at": AT,
    },
    "core_identity_links": lambda n: {
        "identifier_id_a": "i_" + "0" * 31 + "1",
        "identifier_id_b": iid(n),
        "rule": "same_event",
        "weight": 1.0,
        "evidence": f"core_events/e{n}",
        "is_followed": True,
        "held_by": None,
        "first_seen_at": AT,
    },
    "core_identity_likeness": lambda n: {
        "source_a": "shop",
        "record_id_a": f"r{n}",
        "source_b": "shop",
        "record_id_b": f"s{n}",
        "probability": 0.9,
        "match_weight": 12.5,
        "agreements": {"last": "a slip +4.1", "dob": "same day +8.0"},
        "is_one_person": True,
    },
    "core_identity_decisions": lambda n: {
        "decision_id": f"d_{n}",
        "decided_at": AT,
        "decision": "split",
        "identifier_id_a": iid(n),
        "identifier_id_b": iid(n + 100),
        "decided_by": "ops",
        "reason": "two sisters",
        "is_in_force": True,
    },
    "core_identity_reviews": lambda n: {
        "review_id": f"r_{n}",
        "kind": "giant",
        "customer_id": cid(n),
        "identifier_id_a": iid(n),
        "identifier_id_b": iid(n + 100),
        "score": 60.0,
        "n_identifiers": 60,
        "is_held_back": True,
        "because": "60 identifiers",
    },
    "core_identities": lambda n: {"identifier_id": iid(n), "customer_id": cid(n)},
    "core_identity_changes": lambda n: {
        "change_id": f"{n:010d}-x",
        "change": "created",
        "customer_id": cid(n),
        "to_customer_id": cid(n),
        "because": "first",
    },
    "core_impressions": lambda n: {
        "request_id": f"q{n}",
        "served_at": AT,
        "served_date": DAY,
        "list_source": "popular",
        "propensity": 1.0,
        "items": [("item-a", 1, 2.0, "popular"), ("item-b", 2, 1.0, "popular")],
        "customer_id": cid(n),
    },
    "quarantine": lambda n: {
        "source": "shop",
        "entity": "events",
        "source_line": n,
        "delivery_id": "d",
        "landing_date": DAY,
        "raw_text": "{",
        "reason": "not_parseable",
    },
    "fct_interactions": lambda n: {
        "interaction_id": f"x{n}",
        "customer_id": cid(n),
        "item_id": "item",
        "interaction_type": "purchase",
        "occurred_at": AT,
        "quantity": 1,
        "order_id": "o",
    },
    "feat_customers": lambda n: {
        "customer_id": cid(n),
        "price_band": "low",
        "n_orders": 1,
        "last_order_at": AT,
    },
    "feat_customer_traits": lambda n: {"customer_id": cid(n), "traits": '{"n_orders_of_90_days": 2}'},
    "feat_items": lambda n: {
        "item_id": f"item{n}",
        "price": Decimal(4),
        "price_band": "low",
        "is_recommendable": True,
        "is_in_stock": True,
        "is_consumable": False,
    },
    "feat_live_segments": lambda n: {
        "segment_id": f"segment_{n}",
        "definition": "members: {count: cart}",
        "version": "0123456789ab",
        "is_live": True,
        "fingerprint": "0123456789abcdef",
        "item_lists": "{}",
        "order_feeds": "[]",
    },
    "feat_segment_states": lambda n: {
        "customer_id": cid(n),
        "base": b"packed",
        "fingerprint": "0123456789abcdef",
        "events_digest": "1:2",
        "context_digest": "c0de",
        "changes_at": 1,
    },
    "rec_customer_items_v1": lambda n: {"customer_id": cid(n), "items": GOOD_LIST, "model_version": "m/1"},
    "rec_item_items_v1": lambda n: {"item_id": f"item{n}", "items": GOOD_LIST, "model_version": "m/1"},
    "rec_audience_items_v1": lambda n: {
        "audience": f"country:{n}" if n else "popular",
        "items": GOOD_LIST,
        "model_version": "m/1",
    },
    "rec_fold_in_v1": lambda n: {
        "model_version": f"m/{n}",
        "item_ids": ["item-a", "item-b"],
        "n_components": 1,
        "factors": [0.5, -0.5],
        "trust": [(2, 0.5), (20, 1.0)],
    },
    "rec_item_next_v1": lambda n: {
        "item_id": f"item{n}",
        "items": listed(("item-a", 0.9, ["transitions"]), ("item-b", 0.5, ["transitions"])),
        "model_version": "m/1",
    },
    "pred_customer_scores": lambda n: {
        "customer_id": f"c_{n:024x}",
        "trait": "purchase_7d",
        "scored_date": date(2026, 2, 10),
        "model_version": "m/1",
        "probability": 0.25,
        "percentile": 91,
        "decile": 10,
        "reasons": [("recency", "days since the last purchase: 3", "raises", 0.4)],
    },
    "pred_customer_clusters": lambda n: {
        "customer_id": f"c_{n:024x}",
        "scored_date": date(2026, 2, 10),
        "cluster_id": "cluster_2",
        "cluster_name": "Buy often, look often",
        "model_version": "m/1",
    },
    "pred_customer_segments": lambda n: {
        "segment_id": "like_champions",
        "customer_id": f"c_{n:024x}",
        "entered_date": date(2026, 2, 10),
        "place": n + 1,
        "score": -0.5,
    },
    "rec_steering_v1": lambda n: {
        "model_version": f"m/{n}",
        "half_life_places": 2.0,
        "cohorts": [
            (False, 1, 1.0, [0.5, 0.5, 0.5], [1.0, 2.0, 0.0], 0.3),
            (True, 1, 1.0, [0.1, 0.2, 0.3], [0.0, 0.0, 0.0], 0.0),
        ],
    },
}

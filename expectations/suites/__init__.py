"""What every table must hold before anyone reads it: one module a table, named as the table is."""

from importlib import import_module

from expectations.suites.suite import Suite

GUARDED = (
    "core_events",
    "core_order_lines",
    "core_people",
    "core_items",
    "core_item_changes",
    "core_consents",
    "core_identifiers",
    "core_identity_likeness",
    "core_identity_decisions",
    "core_identity_links",
    "core_identities",
    "core_identity_changes",
    "core_identity_reviews",
    "core_impressions",
    "quarantine",
    "fct_interactions",
    "feat_customers",
    "feat_customer_traits",
    "feat_items",
    "feat_live_segments",
    "feat_segment_states",
    "rec_customer_items_v1",
    "rec_item_items_v1",
    "rec_audience_items_v1",
    "rec_fold_in_v1",
    "rec_item_next_v1",
    "rec_steering_v1",
    "pred_customer_scores",
    "pred_customer_clusters",
    "pred_customer_segments",
)

SUITES: dict[str, Suite] = {name: import_module(f"expectations.suites.{name}").SUITE for name in GUARDED}

"""Overrides as tests make them."""

from datetime import timedelta

from expectations.contracts.override import Override
from serving_app.overrides.changes import Actor, Change

ACTOR = Actor("k1", "MK", "test")


def add(store, override):
    return store.apply(Change(override.created_at, ACTOR, override))


def change(store, after, now, versions=None):
    return store.apply(Change(now, ACTOR, after, after.override_id, versions))


def delete(store, override_id, now, versions=None):
    return store.apply(Change(now, ACTOR, None, override_id, versions))


def make_override(number, now, **more):
    values = {
        "kind": "block",
        "item_id": "item-01",
        "customer_id": None,
        "position": 0,
        "factor": 1.0,
        "reason": "why",
    }
    return Override(
        **{
            **values,
            "override_id": f"o_{number}",
            "until": now + timedelta(hours=1),
            "created_at": now,
            **more,
        }
    )

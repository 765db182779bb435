"""Overrides as tests make them."""

from datetime import timedelta

from expectations.contracts.override import Override


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

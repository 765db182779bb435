"""A list with where and when it is served: its record for the decision log, and its answer over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from expectations.contracts.impressions import build_impression
from expectations.contracts.snapshot import ItemFacts
from serving_app.filters.hard_filters import ItemReader
from serving_app.http.responses import format_utc
from serving_app.recommendations.decision import DecidedItem, Decision
from serving_app.recommendations.trace import Trace
from serving_app.storage.snapshots import Snapshot


@dataclass(eq=False)
class ServedList:
    """One answer with a list.

    Attributes:
        customer_id: whom it was made for; None: a stranger.
        snapshot: what it was made from; None when nothing readable is published.
        read_item: its items as they are now.
        ages: in seconds, of `live` and `overrides`, where there are such.
        next_cursor: of the page behind it; None: there is none.
    """

    request_id: str
    placement: str
    customer_id: str | None
    decision: Decision
    snapshot: Snapshot | None
    read_item: ItemReader | None
    served_at: datetime
    ages: Mapping[str, float | None]
    next_cursor: str | None = None
    trace: Trace | None = None

    def as_impression(self) -> dict[str, Any]:
        """The record for the decision log."""
        return build_impression(
            {
                "request_id": self.request_id,
                "served_at": self.served_text,
                "placement": self.placement,
                "customer_id": self.customer_id,
                "list_source": self.decision.source,
                "items": [
                    {"item_id": item.item_id, "rank": item.rank, "score": item.score, "source": item.source}
                    for item in self.decision.items
                ],
                "model_version": self.snapshot and self.snapshot.meta.model_version,
                "snapshot": self.snapshot and self.snapshot.name,
                "applied_overrides": list(self.decision.applied_overrides),
                "policy": None,
                "propensity": None,
                "experiment": None,
                "variant": None,
            }
        )

    def as_answer(self) -> dict[str, Any]:
        """The answer over HTTP (`ListAnswer`), each item with the facts a page displays."""
        age_seconds = self.snapshot and self.snapshot.compute_age_seconds(self.served_at)
        return {
            "request_id": self.request_id,
            "customer_id": self.customer_id,
            "placement": self.placement,
            "source": self.decision.source,
            "model_version": self.snapshot and self.snapshot.meta.model_version,
            "snapshot": self.snapshot and self.snapshot.name,
            "generated_at": self.served_text,
            "age_seconds": age_seconds,
            "applied_overrides": list(self.decision.applied_overrides),
            "ages": {
                "list": age_seconds,
                "catalogue": age_seconds,
                "live": self.ages.get("live"),
                "overrides": self.ages.get("overrides"),
            },
            "items": [show_item(item, self.read_item(item.item_id)) for item in self.decision.items],
            "next_cursor": self.next_cursor,
            "trace": self.trace and self.trace.as_answer(),
        }

    @cached_property
    def served_text(self) -> str:
        """The moment it is served at, for the record and the answer."""
        return format_utc(self.served_at)


def show_item(item: DecidedItem, facts: ItemFacts) -> dict[str, Any]:
    """An item with the facts a page displays (`ItemAnswer`)."""
    shown = {
        "item_id": item.item_id,
        "rank": item.rank,
        "score": item.score,
        "base_score": item.base_score,
        "source": item.source,
        "reason": item.reason,
        "is_filler": item.is_filler,
        "title": facts.title,
        "category": facts.category,
        "brand": facts.brand,
        "price": facts.price,
        "currency": facts.currency,
        "image_url": facts.image_url,
    }
    if item.contributions is not None:
        shown["contributions"] = [one._asdict() for one in item.contributions]
    return shown

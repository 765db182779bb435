"""Overrides and entries of their audit log as answers over HTTP."""

import base64
import binascii
from datetime import datetime
from typing import Any

from expectations.contracts.override import BOOST, BURY, PIN, TO_THE_END, Override
from serving_app.http.problems import BadRequest
from serving_app.http.responses import format_utc
from serving_app.overrides.changes import Applied
from serving_app.storage.snapshots import Snapshot


def format_override(override: Override, now: datetime, snapshot: Snapshot | None) -> dict[str, Any]:
    """An override as `OverrideAnswer`."""
    return {
        "is_dry_run": False,
        "override_id": override.override_id,
        **get_request_fields(override),
        "starts_at": override.starts_at and format_utc(override.starts_at),
        "until": format_utc(override.until),
        "created_at": format_utc(override.created_at),
        "note": override.reason,
        "version": override.version,
        "is_in_force": override.is_in_force(now),
        "matches": count_items(override, snapshot),
        "matches_customers": count_customers(override, snapshot),
        "effect": None,
    }


def format_dry_run(
    applied: Applied, effect: dict, now: datetime, snapshot: Snapshot | None
) -> dict[str, Any]:
    """What a dry run answers, as `OverrideAnswer`: what would be written, or deleted, with its effect, and
    nothing by which it could be taken for one that was.
    """
    answer = format_override(applied.after or applied.before, now, snapshot)
    answer |= {"is_dry_run": True, "is_in_force": False, "version": None, "effect": effect}
    return answer | {"override_id": None, "created_at": None} if applied.before is None else answer


def get_request_fields(override: Override) -> dict[str, Any]:
    """The fields of `NewOverride` that would make this override."""
    has_factor = override.kind in (BOOST, BURY) and override.factor != TO_THE_END
    return {
        "kind": override.kind,
        "item_id": override.item_id,
        "category": override.category,
        "customer_id": override.customer_id,
        "segment_id": override.segment_id,
        "placement": override.placement,
        "position": override.position if override.kind == PIN else None,
        "factor": override.factor if has_factor else None,
        "priority": override.priority,
        "starts_at": override.starts_at,
        "until": override.until,
        "reason": override.reason,
        "author": override.author,
    }


def count_items(override: Override, snapshot: Snapshot | None) -> int | None:
    """How many items of the shop an override names: none, where its id was mistyped; None: not known."""
    if snapshot is None:
        return None
    if override.item_id is not None:
        return int(snapshot.read_item(snapshot.normalise_item_id(override.item_id)) is not None)
    return snapshot.count_items_of_category(override.category or "")


def count_customers(override: Override, snapshot: Snapshot | None) -> int | None:
    """How many customers of the snapshot an override is for; None: everyone, or not known."""
    if override.customer_id is not None:
        return 1
    if snapshot is None or override.segment_id is None:
        return None
    return snapshot.count_customers_of_segment(override.segment_id)


def encode_cursor(override: Override) -> str:
    """Where a page of overrides ends."""
    text = f"{override.created_at.isoformat()} {override.override_id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime, str]:
    """Age and id of the override at which a page ended.

    Raises:
        BadRequest: no page gave this cursor.
    """
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        created_at, _, override_id = text.partition(" ")
        moment = datetime.fromisoformat(created_at)
        if moment.tzinfo is None:
            raise ValueError("no time zone")
    except (ValueError, binascii.Error) as error:
        raise BadRequest("cursor: send next_cursor of the page before as it is") from error
    return moment, override_id

"""Changes of overrides that concern a customer, as entries of a timeline."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from serving_app.timelines.entries import OVERRIDE, Entry

MOST_CHANGES = 5_000  # of the audit log that are looked at, the newest


def list_override_changes(
    changes: Iterable[Mapping[str, Any]],
    concerns: Callable[[Mapping[str, Any]], bool],
    lag: timedelta,
) -> Iterator[Entry]:
    """The changes of overrides that are for a customer or a segment of theirs.

    Args:
        changes: entries of the audit log, the newest first.
        concerns: whether an override, as it is stored, is for them.
        lag: by which the shop's own calendar lags the clock that the audit log keeps.
    """
    for change in changes:
        override = change["after"] or change["before"]
        if any(map(concerns, filter(None, (change["before"], change["after"])))):
            yield Entry(
                datetime.fromisoformat(change["at"]).astimezone(UTC) - lag,
                OVERRIDE,
                f"{change['number']:015d}",
                change["action"],
                item_id=override["item_id"],
                segment_id=override.get("segment_id"),
                placement=override.get("placement"),
                override_id=change["override_id"],
                override_kind=override["kind"],
            )


def make_concern(
    customer_id: str, segment_ids: Collection[str], resolve: Callable[[str], str | None]
) -> Callable[[Mapping[str, Any]], bool]:
    """A function of a stored override: whether it is for a customer, or for a segment of theirs.

    Args:
        resolve: what a customer id of any age stands for now.
    """
    known: dict[str, str | None] = {}

    def concerns(override: Mapping[str, Any]) -> bool:
        whose, segment_id = override.get("customer_id"), override.get("segment_id")
        if whose is not None and whose not in known:
            known[whose] = resolve(whose)
        return (whose is not None and known[whose] == customer_id) or segment_id in segment_ids

    return concerns

"""What holds for every event of a request."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ProvenUser = Callable[[str], str | None]


@dataclass(frozen=True)
class Receipt:
    """One request as its events need to know it.

    Attributes:
        source: whose ids they use.
        zone: the shop's, of times that name none.
        new_id: makes the id of an event that has none.
        fields: what the client says of all of them: `context`, `sentAt`.
        is_bot: by the request's own headers; an event's user agent decides where it has one.
        find_proven_user: which user a token proves, None for none; of a sender that every visitor can be, so
            a user id without proof is a claim. None: the sender is believed.
        user_token: of the request; an event's own goes before it.
        calendar_lag: by how much the shop's own calendar lags the clock; the log is in its time.
    """

    received_at: datetime
    source: str
    zone: ZoneInfo
    normalise_item_id: Callable[[str], str]
    new_id: Callable[[], str]
    fields: dict[str, Any] = field(default_factory=dict)
    is_bot: bool = False
    find_proven_user: ProvenUser | None = None
    user_token: str = ""
    calendar_lag: timedelta = timedelta(0)

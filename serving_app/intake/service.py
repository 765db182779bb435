"""Receives events: parses a request's body, judges each event, writes them, and says what became of each."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import cache, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from expectations.contracts.ids import normalise_id
from serving_app.intake.admission import Admission
from serving_app.intake.batches import SentBatch, SentEvent, parse_batch, parse_call
from serving_app.intake.normal_form import NormalEvent, normalise_event
from serving_app.intake.receipts import Receipt
from serving_app.intake.writer import ACCEPTED, DUPLICATE, QUARANTINED, EventWriter
from serving_app.keys.user_tokens import InvalidUserToken, UserTokens
from serving_app.storage.protocols import SnapshotStore
from serving_app.storage.shop_calendar import ShopCalendar

NO_ZONE = "UTC"  # until the first night has published the shop's


class Sender(NamedTuple):
    """Who sends.

    Attributes:
        source: whose ids the events use.
        is_bot: whether a crawler's page sent them.
        is_anybody: whether every visitor can send so: the key is a browser's.
        user_token: which user is logged in, signed by the shop.
    """

    source: str
    is_bot: bool = False
    is_anybody: bool = False
    user_token: str = ""


class IntakeService:
    """Takes the events of a request."""

    def __init__(
        self,
        writer: EventWriter,
        snapshots: SnapshotStore,
        tokens: UserTokens,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        calendar: ShopCalendar,
    ) -> None:
        self._writer, self._snapshots, self._tokens = writer, snapshots, tokens
        self._clock, self._new_id, self._calendar = clock, new_id, calendar
        self._admission = Admission()

    def receive_batch(self, body: bytes, sender: Sender) -> dict:
        """Take the events of a batch.

        Raises:
            BadRequest: the body holds no list of events.
            TooManyRequests: more arrive than can be stored.
            EventsUnwritable: they cannot be stored now.
        """
        with self._admission.admit():
            return self._receive(parse_batch(body), sender)

    def receive_call(self, call: str, body: bytes, sender: Sender) -> dict:
        """Take the one event of a body.

        Raises: as `receive_batch`.
        """
        with self._admission.admit():
            message = parse_call(body)
            return self._receive(SentBatch([SentEvent({**message, "type": call})], {}), sender)

    def receive_events(self, events: list[SentEvent], sender: Sender) -> dict:
        """Take events that another door has read.

        Raises:
            TooManyRequests, EventsUnwritable: as `receive_batch`.
        """
        with self._admission.admit():
            return self._receive(SentBatch(events, {}), sender)

    def _receive(self, batch: SentBatch, sender: Sender) -> dict:
        snapshot, now = self._snapshots.get_current(), self._clock()
        zone = get_zone(snapshot.meta.time_zone if snapshot else NO_ZONE)
        receipt = Receipt(
            received_at=now,
            source=sender.source,
            zone=zone,
            normalise_item_id=snapshot.normalise_item_id if snapshot else normalise_id,
            new_id=self._new_id,
            fields=batch.fields,
            is_bot=sender.is_bot,
            find_proven_user=cache(self._find_proven_user)
            if sender.is_anybody and self._tokens.is_required
            else None,
            user_token=sender.user_token,
            calendar_lag=self._calendar.find_lag(now),
        )
        events = [normalise_event(sent_event, receipt) for sent_event in batch.events]
        return describe_outcomes(
            events, self._writer.write(events, (now - receipt.calendar_lag).astimezone(zone).date())
        )

    def _find_proven_user(self, token: str) -> str | None:
        try:
            return self._tokens.verify(token)
        except InvalidUserToken:
            return None


@lru_cache(maxsize=8)
def get_zone(name: str) -> ZoneInfo:
    """The time zone of this name."""
    return ZoneInfo(name)


def describe_outcomes(events: list[NormalEvent], outcomes: list[str]) -> dict:
    """The answer: each event in the order it was sent, as in `EventsAnswer`."""
    counts = Counter(outcomes)
    return {
        "success": True,
        "n_accepted": counts[ACCEPTED],
        "n_duplicate": counts[DUPLICATE],
        "n_quarantined": counts[QUARANTINED],
        "events": [
            {
                "message_id": event.message_id,
                "outcome": outcome,
                **({"reason": event.flaw.reason, "detail": event.flaw.detail} if event.flaw else {}),
            }
            for event, outcome in zip(events, outcomes, strict=True)
        ],
    }

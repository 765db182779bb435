"""Receives the deliveries of a shop's webhooks: checks who signed them, and hands their events to intake."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from expectations.contracts.home import HomePaths
from serving_app.http.problems import UnknownWebhook, WebhookUnsigned
from serving_app.intake.service import IntakeService, Sender
from serving_app.intake.webhook_declaration import Webhook, WebhookError, list_webhook_files, read_webhook
from serving_app.intake.webhook_mapping import map_delivery
from serving_app.intake.webhook_signature import is_signed
from serving_app.metrics import declarations as metrics

LOG_EVERY = timedelta(minutes=1)  # of a webhook whose deliveries are refused

logger = logging.getLogger(__name__)


class Webhooks:
    """The webhooks of a home by name."""

    def __init__(self, home: Path, secrets: Mapping[str, Sequence[str]]) -> None:
        """A file that is wrong, or a webhook without a secret, is logged and its neighbours work."""
        self._by_name: dict[str, tuple[Webhook, Sequence[str]]] = {}
        problems = []
        for file in list_webhook_files(HomePaths(home).webhooks):
            try:
                self._by_name[file.stem] = read_webhook(file), secrets.get(file.stem, ())
            except WebhookError as error:
                problems.append(str(error))
                continue
            if file.stem not in secrets:
                problems.append(f"{file.name}: CONCIERGE_WEBHOOK_SECRETS has no {file.stem}:…")
        self._problem = f"webhooks do not work: {'; '.join(problems)}" if problems else ""
        if problems:
            logger.error("%s", self._problem)

    def find(self, name: str) -> tuple[Webhook, Sequence[str]]:
        """The webhook of this name and its secrets.

        Raises:
            UnknownWebhook: there is none.
        """
        if name not in self._by_name:
            raise UnknownWebhook("The home declares no webhook of this name.")
        return self._by_name[name]

    def describe_problem(self) -> str:
        """Which do not work, and why; empty when all do."""
        return self._problem


class WebhookService:
    """Takes the deliveries of webhooks."""

    def __init__(
        self, webhooks: Webhooks, intake: IntakeService, sources: Sequence[str], clock: Callable[[], datetime]
    ) -> None:
        self._webhooks, self._intake, self._sources, self._clock = webhooks, intake, sources, clock
        self._logged_at: dict[str, datetime] = {}

    def receive(self, name: str, body: bytes, headers: Mapping[str, str]) -> dict:
        """Take one delivery. Whatever a signed one holds is stored, in quarantine where it does not fit: a
        platform switches a webhook off that answers with errors.

        Raises:
            UnknownWebhook: the home declares none of this name.
            WebhookUnsigned: its signature is missing or another one.
            TooManyRequests, EventsUnwritable: as `IntakeService`; the platform sends it again.
        """
        webhook, secrets = self._webhooks.find(name)
        if not is_signed(body, headers.get(webhook.signature.header), webhook.signature, secrets):
            self._report_unsigned(name)
            raise WebhookUnsigned("The delivery carries no signature of its body by the webhook's secret.")
        event = map_delivery(name, body, webhook.event)
        return self._intake.receive_events([event], Sender(source=webhook.source or self._sources[0]))

    def _report_unsigned(self, name: str) -> None:
        metrics.REFUSED.labels(reason=WebhookUnsigned.kind).inc()
        now = self._clock()
        if now - self._logged_at.get(name, datetime.min.replace(tzinfo=now.tzinfo)) >= LOG_EVERY:
            self._logged_at[name] = now
            logger.warning("webhook %s: a delivery without its signature was refused", name)

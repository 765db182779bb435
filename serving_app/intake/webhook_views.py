"""`/v1/webhooks/<name>`: what a shop's other systems send of their own accord."""

from flask import Blueprint, Response, request

from serving_app.http.auth import require_scope
from serving_app.http.operations import describe_operation
from serving_app.http.responses import make_json_response
from serving_app.http.services import get_service
from serving_app.intake.requests import allow_large_body, read_sent_body
from serving_app.intake.schemas import EventsAnswer
from serving_app.intake.webhook_service import WebhookService
from serving_app.keys.callers import PUBLIC

bp = Blueprint("webhooks", __name__)
bp.before_request(allow_large_body)


@bp.post("/v1/webhooks/<name>")
@require_scope(PUBLIC)  # the signature of its body is a delivery's key
@describe_operation(
    "receiveWebhook", "Take a webhook's delivery", {200: EventsAnswer}, (401, 404, 413, 429, 503)
)
def receive_webhook(name: str) -> Response:
    """Take one delivery."""
    return make_json_response(get_service(WebhookService).receive(name, read_sent_body(), request.headers))

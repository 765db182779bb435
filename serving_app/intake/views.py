"""`/v1/batch` and the calls of Segment's HTTP tracking format: what happened in the shop, stored before it is
acknowledged and known to the next answer.

Segment's client for browsers asks by the initial of a call (`/v1/t`): the same views, under a second path.
"""

from flask import Blueprint, Response

from serving_app.http.auth import require_scope
from serving_app.http.operations import describe_operation
from serving_app.http.responses import make_json_response
from serving_app.http.services import get_service
from serving_app.intake.requests import allow_large_body, read_event_body, read_sender
from serving_app.intake.schemas import EventsAnswer, SentBatchBody, SentCallBody
from serving_app.intake.service import IntakeService

PROBLEMS = (400, 413, 429, 503)

bp = Blueprint("intake", __name__)
bp.before_request(allow_large_body)


@bp.post("/v1/batch")
@bp.post("/v1/b", alias=True)
@require_scope("events", for_browsers=True)
@describe_operation("sendEvents", "Send events", {200: EventsAnswer}, PROBLEMS, body=SentBatchBody)
def send_batch() -> Response:
    """Take up to 500 events."""
    return make_json_response(get_service(IntakeService).receive_batch(read_event_body(), read_sender()))


@bp.post("/v1/track")
@bp.post("/v1/t", alias=True)
@require_scope("events", for_browsers=True)
@describe_operation("track", "Say what somebody did", {200: EventsAnswer}, PROBLEMS, body=SentCallBody)
def track() -> Response:
    """Take one event that its name says."""
    return answer_call("track")


@bp.post("/v1/page")
@bp.post("/v1/p", alias=True)
@require_scope("events", for_browsers=True)
@describe_operation("page", "Say which page was seen", {200: EventsAnswer}, PROBLEMS, body=SentCallBody)
def page() -> Response:
    """Take one page view."""
    return answer_call("page")


@bp.post("/v1/screen")
@bp.post("/v1/s", alias=True)
@require_scope("events", for_browsers=True)
@describe_operation("screen", "Say which screen was seen", {200: EventsAnswer}, PROBLEMS, body=SentCallBody)
def screen() -> Response:
    """Take one view of an app's screen."""
    return answer_call("screen")


@bp.post("/v1/identify")
@bp.post("/v1/i", alias=True)
@require_scope("events", for_browsers=True)
@describe_operation(
    "identify", "Say who a browser's user is", {200: EventsAnswer}, PROBLEMS, body=SentCallBody
)
def identify() -> Response:
    """Take one identification."""
    return answer_call("identify")


@bp.post("/v1/alias")
@bp.post("/v1/a", alias=True)
@require_scope("events", for_browsers=True)
@describe_operation("alias", "Say which two ids are one's", {200: EventsAnswer}, PROBLEMS, body=SentCallBody)
def alias() -> Response:
    """Take one alias."""
    return answer_call("alias")


@bp.post("/v1/group")
@bp.post("/v1/g", alias=True)
@require_scope("events", for_browsers=True)
@describe_operation(
    "group", "Say to which group a user belongs", {200: EventsAnswer}, PROBLEMS, body=SentCallBody
)
def group() -> Response:
    """Take one membership of a group."""
    return answer_call("group")


def answer_call(call: str) -> Response:
    """The answer to one event."""
    return make_json_response(get_service(IntakeService).receive_call(call, read_event_body(), read_sender()))

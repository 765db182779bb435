"""`GET /v1/stream`: entries into segments and exits from them, as they happen."""

from flask import Blueprint, Response, request

from serving_app.http.auth import require_scope
from serving_app.http.operations import OtherMedia, RequestHeader, describe_headers, describe_operation
from serving_app.http.requests import is_body_wanted, read_query_parameters
from serving_app.http.responses import make_stream_response
from serving_app.http.services import get_service
from serving_app.triggers.schemas import StreamQuery
from serving_app.triggers.service import StreamService

bp = Blueprint("triggers", __name__)
LAST_EVENT_ID = RequestHeader("Last-Event-ID", "id of the last event that is at hand: go on behind it")


@bp.get("/v1/stream")
@require_scope("stream")
@describe_headers(LAST_EVENT_ID)
@describe_operation(
    "streamTransitions",
    "Entries into segments and exits, as they happen",
    {200: OtherMedia("text/event-stream", "Server-sent events")},
    (400, 503),
    StreamQuery,
)
def stream_transitions() -> Response:
    """Transitions as server-sent events; the answer stays open."""
    query, last = StreamQuery(**read_query_parameters()), request.headers.get("Last-Event-ID")
    stream = get_service(StreamService).open(query, last, has_body=is_body_wanted())
    return make_stream_response(stream, "text/event-stream")

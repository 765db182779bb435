"""`GET /v1/customers/<customer_id>/timeline`: what a customer did, was shown and belonged to."""

from flask import Blueprint, Response

from serving_app.http.auth import require_scope
from serving_app.http.operations import describe_operation
from serving_app.http.requests import read_query_parameters
from serving_app.http.responses import make_json_response
from serving_app.http.services import get_service
from serving_app.timelines.schemas import TimelineAnswer, TimelineQuery
from serving_app.timelines.service import TimelineService

bp = Blueprint("timelines", __name__)


@bp.get("/v1/customers/<customer_id>/timeline")
@require_scope("profiles")
@describe_operation(
    "getCustomerTimeline",
    "What a customer did, saw and was, newest first",
    {200: TimelineAnswer},
    problems=(400, 404, 422, 503),
    query=TimelineQuery,
)
def get_timeline(customer_id: str) -> Response:
    """A page of one customer's timeline."""
    query = TimelineQuery(**read_query_parameters())
    return make_json_response(get_service(TimelineService).read(customer_id, query))

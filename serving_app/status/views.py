"""`GET /healthz`: the process answers. `GET /readyz`: it has something to serve; a contract for whoever
routes traffic to it. `GET /metrics`: counts and ages, for Prometheus.

When something intact is served the status is 200, and `degraded` with sentences in `problems` where it is not
all that it should be; else it is 503.
"""

from flask import Blueprint, Response

from serving_app.http.auth import require_scope
from serving_app.http.operations import OtherMedia, describe_operation
from serving_app.http.responses import make_json_response
from serving_app.http.services import get_service
from serving_app.keys.callers import PUBLIC
from serving_app.metrics.exposition import CONTENT_TYPE
from serving_app.status.metrics import MetricsService
from serving_app.status.schemas import HealthAnswer, ReadyAnswer
from serving_app.status.service import StatusService

bp = Blueprint("status", __name__)


@bp.get("/healthz")
@require_scope(PUBLIC)
@describe_operation("getHealth", "The process answers", {200: HealthAnswer})
def get_health() -> Response:
    """That the process answers."""
    return make_json_response({"status": "ok"})


@bp.get("/metrics")
@require_scope("metrics")
@describe_operation(
    "getMetrics",
    "Counts and ages, for Prometheus",
    {200: OtherMedia("text/plain", "Prometheus' text format")},
)
def get_metrics() -> Response:
    """The metrics of all workers."""
    return Response(get_service(MetricsService).render(), content_type=CONTENT_TYPE)


@bp.get("/readyz")
@require_scope(PUBLIC)
@describe_operation("getReadiness", "What is being served", {200: ReadyAnswer}, problems=(503,))
def get_readiness() -> Response:
    """What is being served, and what is wrong; 503 when nothing can be."""
    return make_json_response(get_service(StatusService).get_readiness())

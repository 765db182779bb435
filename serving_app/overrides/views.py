"""`/v1/overrides`: what an operator pins, blocks, boosts or buries, for everyone, a segment or a customer.
In force in the next request of every worker.
"""

from flask import Blueprint, Response

from serving_app.http.auth import require_scope
from serving_app.http.operations import describe_operation
from serving_app.http.requests import read_json_object, read_query_parameters
from serving_app.http.responses import make_json_response
from serving_app.http.services import get_service
from serving_app.overrides.exchange import make_override_response, read_write_options
from serving_app.overrides.schemas import (
    AuditAnswer,
    AuditQuery,
    DeleteQuery,
    NewOverride,
    OverrideAnswer,
    OverrideChange,
    OverridesAnswer,
    OverridesQuery,
)
from serving_app.overrides.service import OverrideService

WRITE_PROBLEMS = (400, 404, 412, 413, 415, 422, 428, 503)

bp = Blueprint("overrides", __name__)


@bp.get("/v1/overrides")
@require_scope("overrides")
@describe_operation(
    "listOverrides", "Overrides in force", {200: OverridesAnswer}, problems=(400, 422), query=OverridesQuery
)
def list_overrides() -> Response:
    """A page of overrides, those in force unless another state is asked for."""
    query = OverridesQuery(**read_query_parameters())
    return make_json_response(get_service(OverrideService).list(query))


@bp.get("/v1/overrides/audit")
@require_scope("overrides")
@describe_operation(
    "listOverrideAudit",
    "Who changed which override",
    {200: AuditAnswer},
    problems=(400, 503),
    query=AuditQuery,
)
def list_audit() -> Response:
    """A page of the audit log, the newest entry first."""
    query = AuditQuery(**read_query_parameters())
    return make_json_response(get_service(OverrideService).list_audit(query))


@bp.post("/v1/overrides")
@require_scope("overrides")
@describe_operation(
    "createOverride",
    "Pin, block, boost or bury",
    {201: OverrideAnswer},
    problems=(400, 413, 415, 422, 503),
    body=NewOverride,
)
def create_override() -> Response:
    """Make an override; 201 with where it can be read."""
    request = NewOverride.model_validate(read_json_object())
    override = get_service(OverrideService).create(request, read_write_options())
    return make_override_response(override, 201, Location=f"/v1/overrides/{override['override_id']}")


@bp.get("/v1/overrides/<override_id>")
@require_scope("overrides")
@describe_operation("getOverride", "An override", {200: OverrideAnswer}, problems=(404,))
def get_override(override_id: str) -> Response:
    """One override that has not ended."""
    return make_override_response(get_service(OverrideService).get(override_id))


@bp.put("/v1/overrides/<override_id>")
@require_scope("overrides")
@describe_operation(
    "replaceOverride", "Replace an override", {200: OverrideAnswer}, problems=WRITE_PROBLEMS, body=NewOverride
)
def replace_override(override_id: str) -> Response:
    """Put another override in the place of one; needs `If-Match`."""
    request = NewOverride.model_validate(read_json_object())
    override = get_service(OverrideService).replace(override_id, request, read_write_options())
    return make_override_response(override)


@bp.patch("/v1/overrides/<override_id>")
@require_scope("overrides")
@describe_operation(
    "changeOverride",
    "Change an override",
    {200: OverrideAnswer},
    problems=WRITE_PROBLEMS,
    body=OverrideChange,
)
def change_override(override_id: str) -> Response:
    """Change the fields that are sent; needs `If-Match`."""
    request = OverrideChange.model_validate(read_json_object())
    override = get_service(OverrideService).change(override_id, request, read_write_options())
    return make_override_response(override)


@bp.delete("/v1/overrides/<override_id>")
@require_scope("overrides")
@describe_operation(
    "deleteOverride", "End an override", {204: None}, problems=(400, 404, 412, 503), query=DeleteQuery
)
def delete_override(override_id: str) -> Response:
    """Delete an override; 204."""
    query = DeleteQuery(**read_query_parameters())
    get_service(OverrideService).delete(override_id, query.reason, query.author, read_write_options())
    return Response(status=204)

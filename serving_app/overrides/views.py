"""`/v1/overrides`: what an operator pins, blocks or boosts, for everyone or one customer, until a moment. In
force at once.
"""

from flask import Blueprint, Response

from serving_app.http.auth import require_scope
from serving_app.http.operations import describe_operation
from serving_app.http.requests import read_json_object
from serving_app.http.responses import make_json_response
from serving_app.http.services import get_service
from serving_app.overrides.schemas import NewOverride, OverrideAnswer, OverridesAnswer
from serving_app.overrides.service import OverrideService

bp = Blueprint("overrides", __name__)


@bp.get("/v1/overrides")
@require_scope("overrides")
@describe_operation("listOverrides", "Overrides in force", {200: OverridesAnswer})
def list_overrides() -> Response:
    """Every override in force."""
    return make_json_response({"overrides": get_service(OverrideService).list_in_force()})


@bp.post("/v1/overrides")
@require_scope("overrides")
@describe_operation(
    "createOverride",
    "Pin, block or boost",
    {201: OverrideAnswer},
    problems=(400, 413, 415, 422, 503),
    body=NewOverride,
)
def create_override() -> Response:
    """Make an override; 201 with where it can be read."""
    override = get_service(OverrideService).create(NewOverride.model_validate(read_json_object()))
    return make_json_response(override, 201, Location=f"/v1/overrides/{override['override_id']}")


@bp.get("/v1/overrides/<override_id>")
@require_scope("overrides")
@describe_operation("getOverride", "An override in force", {200: OverrideAnswer}, problems=(404,))
def get_override(override_id: str) -> Response:
    """One override in force."""
    return make_json_response(get_service(OverrideService).get_in_force(override_id))


@bp.delete("/v1/overrides/<override_id>")
@require_scope("overrides")
@describe_operation("deleteOverride", "End an override", {204: None}, problems=(404, 503))
def delete_override(override_id: str) -> Response:
    """Delete an override; 204."""
    get_service(OverrideService).delete(override_id)
    return Response(status=204)

"""`/v1/overrides`: what an operator pins, blocks, boosts or buries, for everyone, a segment or a customer.
In force in the next request of every worker.
"""

from flask import Response

from serving_app.http.auth import require_scope
from serving_app.http.operations import IF_MATCH, IF_MATCH_REQUIRED, describe_headers, describe_operation
from serving_app.http.requests import read_json_object, read_query_parameters
from serving_app.http.responses import make_json_response
from serving_app.http.services import get_service
from serving_app.overrides.answer_schemas import OverrideAnswer, OverridesAnswer
from serving_app.overrides.audit_views import bp
from serving_app.overrides.exchange import (
    make_override_response,
    make_write_response,
    read_delete_options,
    read_write_options,
)
from serving_app.overrides.schemas import (
    DeleteQuery,
    NewOverride,
    OverrideChange,
    OverridesQuery,
    WriteQuery,
)
from serving_app.overrides.service import OverrideService

ANSWER, ANSWERS = {200: OverrideAnswer}, {200: OverrideAnswer, 201: OverrideAnswer}
POST_PROBLEMS, WRITE_PROBLEMS = (400, 413, 415, 422, 503), (400, 404, 412, 413, 415, 422, 428, 503)


@bp.get("/v1/overrides")
@require_scope("overrides")
@describe_operation("listOverrides", "Overrides", {200: OverridesAnswer}, (400, 422), OverridesQuery)
def list_overrides() -> Response:
    """A page of overrides, those in force unless another state is asked for."""
    query = OverridesQuery(**read_query_parameters())
    return make_json_response(get_service(OverrideService).list(query))


@bp.post("/v1/overrides")
@require_scope("overrides")
@describe_operation(
    "createOverride", "Pin, block, boost or bury", ANSWERS, POST_PROBLEMS, WriteQuery, NewOverride
)
def create_override() -> Response:
    """Make an override; 201 with where it can be read. A dry run is 200."""
    request = NewOverride.model_validate(read_json_object())
    answer = get_service(OverrideService).create(request, read_write_options())
    return make_write_response(answer, is_new=True)


@bp.get("/v1/overrides/<override_id>")
@require_scope("overrides")
@describe_operation("getOverride", "An override", ANSWER, problems=(404,))
def get_override(override_id: str) -> Response:
    """One override that has not ended."""
    return make_override_response(get_service(OverrideService).get(override_id))


@bp.put("/v1/overrides/<override_id>")
@require_scope("overrides")
@describe_headers(IF_MATCH_REQUIRED)
@describe_operation("replaceOverride", "Replace an override", ANSWER, WRITE_PROBLEMS, WriteQuery, NewOverride)
def replace_override(override_id: str) -> Response:
    """Put another override in the place of one; needs `If-Match`."""
    request = NewOverride.model_validate(read_json_object())
    answer = get_service(OverrideService).replace(override_id, request, read_write_options())
    return make_write_response(answer)


@bp.patch("/v1/overrides/<override_id>")
@require_scope("overrides")
@describe_headers(IF_MATCH_REQUIRED)
@describe_operation(
    "changeOverride", "Change an override", ANSWER, WRITE_PROBLEMS, WriteQuery, OverrideChange
)
def change_override(override_id: str) -> Response:
    """Change the fields that are sent; needs `If-Match`."""
    request = OverrideChange.model_validate(read_json_object())
    answer = get_service(OverrideService).change(override_id, request, read_write_options())
    return make_write_response(answer)


@bp.delete("/v1/overrides/<override_id>")
@require_scope("overrides")
@describe_headers(IF_MATCH)
@describe_operation(
    "deleteOverride",
    "End an override",
    {200: OverrideAnswer, 204: None},
    (400, 404, 412, 503),
    DeleteQuery,
)
def delete_override(override_id: str) -> Response:
    """Delete an override; 204. A dry run is 200."""
    return make_write_response(get_service(OverrideService).delete(override_id, read_delete_options()))

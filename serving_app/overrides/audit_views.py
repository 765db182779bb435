"""`/v1/overrides/audit`: who changed which override, and the way back."""

from flask import Blueprint, Response

from serving_app.http.auth import require_scope
from serving_app.http.operations import describe_operation
from serving_app.http.requests import read_json_object, read_query_parameters
from serving_app.http.responses import make_json_response
from serving_app.http.services import get_service
from serving_app.overrides.answer_schemas import AuditAnswer, OverrideAnswer
from serving_app.overrides.audit_service import AuditService
from serving_app.overrides.exchange import make_write_response, read_write_options
from serving_app.overrides.schemas import AuditQuery, UndoRequest, WriteQuery
from serving_app.overrides.undo import read_number

bp = Blueprint("overrides", __name__)  # of all routes of overrides


@bp.get("/v1/overrides/audit")
@require_scope("overrides")
@describe_operation(
    "listOverrideAudit", "Who changed which override", {200: AuditAnswer}, (400, 503), AuditQuery
)
def list_audit() -> Response:
    """A page of the audit log, the newest entry first."""
    query = AuditQuery(**read_query_parameters())
    return make_json_response(get_service(AuditService).list_audit(query))


@bp.post("/v1/overrides/audit/<number>/undo")
@require_scope("overrides")
@describe_operation(
    "undoOverrideChange",
    "Take a change back",
    {200: OverrideAnswer, 204: None},
    (400, 404, 409, 413, 415, 422, 503),
    WriteQuery,
    UndoRequest,
)
def undo_change(number: str) -> Response:
    """Take back what an entry of the audit log says; 204 where there is no override then."""
    request = UndoRequest.model_validate(read_json_object())
    answer = get_service(AuditService).undo(read_number(number), request, read_write_options())
    return make_write_response(answer)

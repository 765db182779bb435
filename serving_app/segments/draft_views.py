"""`/v1/segment-drafts` and what puts definitions in force: the scope `segments` reads, `definitions` writes.

Who somebody is is their key's id: an approval by the key that saved a draft is refused.
"""

from flask import Blueprint, Response

from serving_app.http.auth import get_caller, require_scope
from serving_app.http.operations import describe_operation
from serving_app.http.requests import read_json_object, read_query_parameters
from serving_app.http.responses import make_json_response
from serving_app.http.services import get_service
from serving_app.segments.definitions import Author
from serving_app.segments.draft_schemas import (
    ApproveBody,
    DefinitionChangesAnswer,
    DefinitionChangesQuery,
    DraftAnswer,
    DraftsAnswer,
    ImpactAnswer,
    PublishBody,
    PublishedAnswer,
    RollBackBody,
    SaveQuery,
)
from serving_app.segments.drafting import DraftService
from serving_app.segments.publishing import PublishingService
from serving_app.segments.requests import may_see_customers, read_definition_text
from serving_app.segments.schemas import DefinitionBody

bp = Blueprint("drafts", __name__)
SAVE_PROBLEMS, CHANGE_PROBLEMS = (400, 409, 413, 415, 422, 503), (400, 404, 409, 413, 415, 422, 503)
DRAFT = {200: DraftAnswer}


@bp.get("/v1/segment-drafts")
@require_scope("segments")
@describe_operation("listDrafts", "Drafts of definitions", {200: DraftsAnswer}, (503,))
def list_drafts() -> Response:
    """Every draft, with how it differs from the newest text of its segment."""
    return make_json_response(get_service(DraftService).list())


@bp.post("/v1/segment-drafts")
@require_scope("definitions")
@describe_operation("saveDraft", "Save a draft", {201: DraftAnswer}, SAVE_PROBLEMS, SaveQuery, DefinitionBody)
def save_draft() -> Response:
    """Save a definition that nothing is made by yet."""
    query = SaveQuery(**read_query_parameters())
    author = Author(get_caller().name, query.reason)
    draft = get_service(DraftService).save(read_definition_text(), author, query.base)
    return make_json_response(draft, 201, Location=f"/v1/segment-drafts/{draft['draft_id']}")


@bp.get("/v1/segment-drafts/<draft_id>")
@require_scope("segments")
@describe_operation("getDraft", "A draft", DRAFT, (404, 503))
def get_draft(draft_id: str) -> Response:
    """One draft."""
    return make_json_response(get_service(DraftService).get(draft_id))


@bp.put("/v1/segment-drafts/<draft_id>")
@require_scope("definitions")
@describe_operation("replaceDraft", "Save a draft anew", DRAFT, CHANGE_PROBLEMS, SaveQuery, DefinitionBody)
def replace_draft(draft_id: str) -> Response:
    """Save another text of a draft, of the newest of its segment; approvals of the one before end."""
    query = SaveQuery(**read_query_parameters())
    author = Author(get_caller().name, query.reason)
    draft = get_service(DraftService).save(read_definition_text(), author, query.base, draft_id)
    return make_json_response(draft)


@bp.delete("/v1/segment-drafts/<draft_id>")
@require_scope("definitions")
@describe_operation("deleteDraft", "Delete a draft", {204: None}, (404, 503))
def delete_draft(draft_id: str) -> Response:
    """Delete a draft."""
    get_service(DraftService).delete(draft_id)
    return Response(status=204)


@bp.get("/v1/segment-drafts/<draft_id>/impact")
@require_scope("segments")
@describe_operation("measureDraft", "What would change by a draft", {200: ImpactAnswer}, (400, 404, 422, 503))
def measure_draft(draft_id: str) -> Response:
    """Who would enter and leave, whose lists may change, and whether somebody else must approve it."""
    answer = get_service(DraftService).measure(draft_id, with_names=may_see_customers())
    return make_json_response(answer)


@bp.post("/v1/segment-drafts/<draft_id>/approve")
@require_scope("definitions")
@describe_operation("approveDraft", "Approve a draft", DRAFT, CHANGE_PROBLEMS, body=ApproveBody)
def approve_draft(draft_id: str) -> Response:
    """Approve a draft that another key has saved."""
    body = ApproveBody.model_validate(read_json_object())
    author = Author(get_caller().name, body.reason)
    return make_json_response(get_service(DraftService).approve(draft_id, body.digest, author))


@bp.post("/v1/segment-drafts/<draft_id>/publish")
@require_scope("definitions")
@describe_operation(
    "publishDraft", "Publish a draft", {200: PublishedAnswer}, CHANGE_PROBLEMS, body=PublishBody
)
def publish_draft(draft_id: str) -> Response:
    """Put a draft in force: at once where all it asks for is live, else with the next night."""
    body = PublishBody.model_validate(read_json_object())
    author = Author(get_caller().name, body.reason)
    return make_json_response(get_service(PublishingService).publish(draft_id, author))


@bp.get("/v1/segments/changes")
@require_scope("segments")
@describe_operation(
    "listDefinitionChanges",
    "Who changed which definition",
    {200: DefinitionChangesAnswer},
    (400,),
    DefinitionChangesQuery,
)
def list_changes() -> Response:
    """Who put which text in force and why, the newest first."""
    query = DefinitionChangesQuery(**read_query_parameters())
    return make_json_response(get_service(PublishingService).list_changes(query.segment_id))


@bp.post("/v1/segments/<segment_id>/rollback")
@require_scope("definitions")
@describe_operation(
    "rollBackSegment",
    "Roll a definition back",
    {200: PublishedAnswer},
    CHANGE_PROBLEMS,
    body=RollBackBody,
)
def roll_back_segment(segment_id: str) -> Response:
    """Let the next night read an earlier version again, and work the membership history out by it."""
    body = RollBackBody.model_validate(read_json_object())
    author = Author(get_caller().name, body.reason)
    return make_json_response(get_service(PublishingService).roll_back(segment_id, body.version, author))

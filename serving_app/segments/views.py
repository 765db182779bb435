"""`/v1/segments`: how large segments are, who is in one and why, and what another definition would change.

Counts and rules need the scope segments; whoever is to see customers needs profiles.
"""

from flask import Blueprint, Response

from serving_app.http.auth import require_scope
from serving_app.http.operations import describe_operation
from serving_app.http.requests import read_query_parameters
from serving_app.http.responses import make_json_response
from serving_app.http.services import get_service
from serving_app.segments.requests import may_see_customers, read_definition_text
from serving_app.segments.schemas import (
    DefinitionBody,
    DiffAnswer,
    ExplainQuery,
    MembersAnswer,
    MembershipAnswer,
    MembersQuery,
    OverlapsAnswer,
    PreviewAnswer,
    SegmentAnswer,
    SegmentsAnswer,
)
from serving_app.segments.service import SegmentService

bp = Blueprint("segments", __name__)
READ_PROBLEMS, DEFINITION_PROBLEMS = (422, 503), (400, 413, 415, 422, 503)


@bp.get("/v1/segments")
@require_scope("segments")
@describe_operation("listSegments", "Segments with their sizes", {200: SegmentsAnswer}, READ_PROBLEMS)
def list_segments() -> Response:
    """Every segment of the published night."""
    return make_json_response(get_service(SegmentService).list_segments())


@bp.get("/v1/segments/overlap")
@require_scope("segments")
@describe_operation("listSegmentOverlaps", "Shared members", {200: OverlapsAnswer}, READ_PROBLEMS)
def list_overlaps() -> Response:
    """Whom each two segments share."""
    return make_json_response(get_service(SegmentService).list_overlaps())


@bp.post("/v1/segments/preview")
@require_scope("segments")
@describe_operation(
    "previewSegment",
    "What a definition would have for members",
    {200: PreviewAnswer},
    DEFINITION_PROBLEMS,
    body=DefinitionBody,
)
def preview_segment() -> Response:
    """How many members a definition would have, and whom it shares; nothing is stored."""
    service = get_service(SegmentService)
    segment = service.read(read_definition_text())
    return make_json_response(service.preview(segment, with_names=may_see_customers()))


@bp.post("/v1/segments/diff")
@require_scope("segments")
@describe_operation(
    "diffSegment",
    "Who would come and go by a definition",
    {200: DiffAnswer},
    (400, 404, 413, 415, 422, 503),
    body=DefinitionBody,
)
def diff_segment() -> Response:
    """Who would enter and leave if this definition stood in the place of the one in use."""
    service = get_service(SegmentService)
    segment = service.read(read_definition_text())
    return make_json_response(service.diff(segment, with_names=may_see_customers()))


@bp.get("/v1/segments/<segment_id>")
@require_scope("segments")
@describe_operation("getSegment", "A segment", {200: SegmentAnswer}, (404, *READ_PROBLEMS))
def get_segment(segment_id: str) -> Response:
    """A segment with its rule, its versions and how large it was."""
    return make_json_response(get_service(SegmentService).get(segment_id))


@bp.get("/v1/segments/<segment_id>/members")
@require_scope("profiles")
@describe_operation(
    "listSegmentMembers",
    "Members of a segment",
    {200: MembersAnswer},
    (400, 404, *READ_PROBLEMS),
    MembersQuery,
)
def list_members(segment_id: str) -> Response:
    """A page of the members who may be named."""
    query = MembersQuery(**read_query_parameters())
    return make_json_response(get_service(SegmentService).list_members(segment_id, query))


@bp.get("/v1/segments/<segment_id>/explain")
@require_scope("profiles")
@describe_operation(
    "explainSegment",
    "Why a customer is in a segment or not",
    {200: MembershipAnswer},
    (400, 404, *READ_PROBLEMS),
    ExplainQuery,
)
def explain_segment(segment_id: str) -> Response:
    """Each clause of a segment's rule for one customer, and the smallest change that would turn it."""
    query = ExplainQuery(**read_query_parameters())
    return make_json_response(get_service(SegmentService).explain(segment_id, query))

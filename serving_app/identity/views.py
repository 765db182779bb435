"""`/v1/identity/…`: why two identifiers are one customer's, what is decided about it, and what waits for a
decision.
"""

from flask import Blueprint, Response

from serving_app.http.auth import require_scope
from serving_app.http.operations import describe_operation
from serving_app.http.requests import read_json_object, read_query_parameters
from serving_app.http.responses import make_json_response
from serving_app.http.services import get_service
from serving_app.identity.schemas import (
    DecisionAnswer,
    DecisionsAnswer,
    ExplainAnswer,
    ExplainQuery,
    NewDecision,
    ReviewsAnswer,
    TakenAnswer,
)
from serving_app.identity.service import IdentityService

FILE_PROBLEMS = (409, 503)  # the file of decisions may be unreadable or out of reach

bp = Blueprint("identity", __name__)


@bp.get("/v1/identity/explain")
@require_scope("admin")
@describe_operation(
    "explainIdentity",
    "Why two identifiers are one customer's",
    {200: ExplainAnswer},
    problems=(400, 404, 422, 503),
    query=ExplainQuery,
)
def explain_identity() -> Response:
    """Whether and why two identifiers are one customer's."""
    query = ExplainQuery(**read_query_parameters())
    return make_json_response(get_service(IdentityService).explain(query.a, query.b, query.as_of))


@bp.get("/v1/identity/reviews")
@require_scope("admin")
@describe_operation(
    "listIdentityReviews", "What waits for a decision", {200: ReviewsAnswer}, problems=FILE_PROBLEMS
)
def list_reviews() -> Response:
    """The review queue of the snapshot."""
    return make_json_response(get_service(IdentityService).list_reviews())


@bp.get("/v1/identity/decisions")
@require_scope("admin")
@describe_operation(
    "listIdentityDecisions",
    "Decisions about who is who",
    {200: DecisionsAnswer},
    problems=FILE_PROBLEMS,
)
def list_decisions() -> Response:
    """Every identity decision."""
    return make_json_response({"decisions": get_service(IdentityService).list_decisions()})


@bp.post("/v1/identity/decisions")
@require_scope("admin")
@describe_operation(
    "createIdentityDecision",
    "Split, refuse, join or withdraw",
    {201: TakenAnswer},
    problems=(400, 413, 415, 422, *FILE_PROBLEMS),
    body=NewDecision,
)
def create_decision() -> Response:
    """Record an identity decision; 201 with where it can be read."""
    request = NewDecision.model_validate(read_json_object())
    decision = get_service(IdentityService).decide(**request.model_dump())
    return make_json_response(decision, 201, Location=f"/v1/identity/decisions/{decision['decision_id']}")


@bp.get("/v1/identity/decisions/<decision_id>")
@require_scope("admin")
@describe_operation(
    "getIdentityDecision",
    "A decision about who is who",
    {200: DecisionAnswer},
    problems=(404, *FILE_PROBLEMS),
)
def get_decision(decision_id: str) -> Response:
    """One identity decision."""
    return make_json_response(get_service(IdentityService).get_decision(decision_id))

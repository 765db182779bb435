"""`/v1/identity/…`: why two identifiers are one customer's, what is decided about it, and what waits for a
decision.
"""

from flask import Blueprint, Response, current_app

from serving_app.http.auth import require_operator
from serving_app.http.problems import UnknownDecision
from serving_app.http.requests import answer, arguments, body
from serving_app.identity.schemas import ExplainQuery, NewDecision
from serving_app.identity.service import Identity

bp = Blueprint("identity", __name__)
bp.before_request(require_operator)


def identity() -> Identity:
    """The app's."""
    return current_app.extensions["concierge-identity"]


@bp.get("/v1/identity/explain")
def explain() -> Response:
    query = ExplainQuery(**arguments())
    return answer(identity().explain(query.a, query.b, query.as_of))


@bp.get("/v1/identity/reviews")
def reviews() -> Response:
    return answer(identity().reviews())


@bp.get("/v1/identity/decisions")
def decisions() -> Response:
    return answer(identity().decisions())


@bp.post("/v1/identity/decisions")
def decide() -> Response:
    made = identity().decide(**NewDecision.model_validate(body()).model_dump())
    return answer(made, 201, Location=f"/v1/identity/decisions/{made['decision_id']}")


@bp.get("/v1/identity/decisions/<decision_id>")
def decision(decision_id: str) -> Response:
    for one in identity().decisions()["decisions"]:
        if one["decision_id"] == decision_id:
            return answer(one)
    raise UnknownDecision("No decision has this id.")

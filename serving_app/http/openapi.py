"""The API's description (OpenAPI 3.1), made of the models that requests are checked by; a test holds it
against real answers.
"""

from functools import cache

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serving_app.http import schemas
from serving_app.http.problems import MEDIA_TYPE
from serving_app.identity.schemas import (
    DecisionAnswer,
    DecisionsAnswer,
    ExplainAnswer,
    ExplainQuery,
    NewDecision,
    ReviewsAnswer,
    TakenAnswer,
)

REF = "#/components/schemas/{model}"
OPERATOR = {
    "type": "http",
    "scheme": "bearer",
    "description": (
        "CONCIERGE_ADMIN_TOKEN; where none is set, no header is wanted and only this machine itself may ask"
    ),
}
MODELS = [
    schemas.ListAnswer,
    schemas.CustomerAnswer,
    schemas.NewOverride,
    schemas.OverrideAnswer,
    schemas.OverridesAnswer,
    ExplainAnswer,
    ReviewsAnswer,
    NewDecision,
    TakenAnswer,
    DecisionAnswer,
    DecisionsAnswer,
    schemas.ReadyAnswer,
    schemas.HealthAnswer,
    schemas.Problem,
]


@cache
def description(build: str) -> dict:
    """The whole document."""
    _, defined = models_json_schema([(model, "validation") for model in MODELS], ref_template=REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Concierge",
            "version": build,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "the service that this document comes from"}],
        "security": [],  # of an operation that names none: everyone may ask
        "paths": _paths(),
        "components": {"schemas": defined["$defs"], "securitySchemes": {"operator": OPERATOR}},
    }


def _paths() -> dict:
    """Every path's operations. An operation's name is what generated clients call it: it never changes."""
    query = schemas.ListQuery
    listed = {200: schemas.ListAnswer, 400: None}
    made = {400: None, 413: None, 415: None, 422: None, 503: None}
    stored = {409: None, 503: None}  # the file of decisions may be unreadable or out of reach
    override, decision = schemas.OverrideAnswer, DecisionAnswer
    return {
        "/v1/recommendations": {
            "get": _operation("getRecommendations", "What to show a visitor", listed, query)
        },
        "/v1/popular": {"get": _operation("getPopularItems", "What sells in the whole shop", listed, query)},
        "/v1/items/{item_id}/similar": {
            "get": _operation("getSimilarItems", "What is like an item", listed, query, "item_id")
        },
        "/v1/items/similar": {
            "get": _operation(
                "getSimilarItemsByQuery", "What is like an item of any id", listed, schemas.ItemQuery
            )
        },
        "/v1/customers/{customer_id}": {
            "get": _operators(
                "getCustomer",
                "A profile's slice",
                {200: schemas.CustomerAnswer, 404: None, 503: None},
                path="customer_id",
            ),
        },
        "/v1/overrides": {
            "get": _operators("listOverrides", "Overrides in force", {200: schemas.OverridesAnswer}),
            "post": _operators(
                "createOverride", "Pin, block or boost", {201: override, **made}, body=schemas.NewOverride
            ),
        },
        "/v1/overrides/{override_id}": {
            "get": _operators(
                "getOverride", "An override in force", {200: override, 404: None}, path="override_id"
            ),
            "delete": _operators(
                "deleteOverride", "End an override", {204: None, 404: None, 503: None}, path="override_id"
            ),
        },
        "/v1/identity/explain": {
            "get": _operators(
                "explainIdentity",
                "Why two identifiers are one customer's",
                {200: ExplainAnswer, 400: None, 404: None, 422: None, 503: None},
                query=ExplainQuery,
            ),
        },
        "/v1/identity/reviews": {
            "get": _operators(
                "listIdentityReviews", "What waits for a decision", {200: ReviewsAnswer, **stored}
            ),
        },
        "/v1/identity/decisions": {
            "get": _operators(
                "listIdentityDecisions", "Decisions about who is who", {200: DecisionsAnswer, **stored}
            ),
            "post": _operators(
                "createIdentityDecision",
                "Split, refuse, join or withdraw",
                {201: TakenAnswer, **made, **stored},
                body=NewDecision,
            ),
        },
        "/v1/identity/decisions/{decision_id}": {
            "get": _operators(
                "getIdentityDecision",
                "A decision about who is who",
                {200: decision, 404: None, **stored},
                path="decision_id",
            ),
        },
        "/healthz": {"get": _operation("getHealth", "The process answers", {200: schemas.HealthAnswer})},
        "/readyz": {
            "get": _operation("getReadiness", "What is being served", {200: schemas.ReadyAnswer, 503: None})
        },
        "/openapi.json": {
            "get": {
                "operationId": "getOpenApi",
                "summary": "This document",
                "responses": {"200": {"description": "OpenAPI 3.1"}},
            },
        },
    }


def _operators(operation_id: str, summary: str, answers: dict[int, type[BaseModel] | None], **more) -> dict:
    """An operation for operators alone."""
    operation = _operation(operation_id, summary, {**answers, 401: None, 403: None}, **more)
    return {**operation, "security": [{"operator": []}, {}]}


def _operation(
    operation_id: str,
    summary: str,
    answers: dict[int, type[BaseModel] | None],
    query: type[BaseModel] | None = None,
    path: str = "",
    body: type[BaseModel] | None = None,
) -> dict:
    """One operation. Every status from 400 on is a `Problem`, whatever its cause."""
    responses = {str(status): _answer(status, model) for status, model in sorted(answers.items())}
    if "201" in responses:
        responses["201"]["headers"] = {
            "Location": {"description": "where it can be read", "schema": {"type": "string"}}
        }
    responses["default"] = _answer(500, None)
    told = {"operationId": operation_id, "summary": summary, "responses": responses}
    parameters = (
        [{"name": path, "in": "path", "required": True, "schema": {"type": "string"}}] if path else []
    )
    if query:
        schema = query.model_json_schema(ref_template=REF)
        parameters += [
            {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": kind}
            for name, kind in schema["properties"].items()
        ]
    if parameters:
        told["parameters"] = parameters
    if body:
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(body)}}}
    return told


def _answer(status: int, model: type[BaseModel] | None) -> dict:
    if status >= 400:
        return {"description": "A problem", "content": {MEDIA_TYPE: {"schema": _ref(schemas.Problem)}}}
    if model is None:
        return {"description": "Done"}
    return {
        "description": (model.__doc__ or "").strip(),
        "content": {"application/json": {"schema": _ref(model)}},
    }


def _ref(model: type[BaseModel]) -> dict:
    return {"$ref": REF.format(model=model.__name__)}

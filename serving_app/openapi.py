"""The API's description (OpenAPI 3.1), made of the models that requests are checked by; a test holds it against real answers."""

from functools import cache

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serving_app import schemas
from serving_app.errors import MEDIA_TYPE
from serving_app.identity_schemas import (
    DecisionsAnswer,
    ExplainAnswer,
    ExplainQuery,
    NewDecision,
    ReviewsAnswer,
    TakenAnswer,
)

REF = "#/components/schemas/{model}"
MODELS = [
    schemas.ListAnswer, schemas.CustomerAnswer, schemas.NewOverride, schemas.OverrideAnswer, schemas.OverridesAnswer,
    ExplainAnswer, ReviewsAnswer, NewDecision, TakenAnswer, DecisionsAnswer,
    schemas.ReadyAnswer, schemas.HealthAnswer, schemas.Problem,
]  # fmt: skip


@cache
def description(build: str) -> dict:
    """The whole document."""
    listed, operator = {200: schemas.ListAnswer, 400: None}, {401: None, 403: None}
    paths = {
        "/v1/recommendations": {"get": _operation("What to show a visitor", listed, query=schemas.ListQuery)},
        "/v1/popular": {"get": _operation("What sells in the whole shop", listed, query=schemas.ListQuery)},
        "/v1/items/{item_id}/similar": {
            "get": _operation("What is like an item", listed, query=schemas.ListQuery, path="item_id"),
        },
        "/v1/customers/{customer_id}": {
            "get": _operation("A profile's slice", {200: schemas.CustomerAnswer, 404: None, 503: None}, path="customer_id"),
        },
        "/v1/overrides": {
            "get": _operation("Overrides in force", {200: schemas.OverridesAnswer, **operator}, is_operators=True),
            "post": _operation(
                "Pin, block or boost", {201: schemas.OverrideAnswer, 400: None, 413: None, 415: None, 422: None, **operator},
                body=schemas.NewOverride, is_operators=True,
            ),
        },
        "/v1/overrides/{override_id}": {
            "delete": _operation("End an override", {204: None, 404: None, **operator}, path="override_id", is_operators=True),
        },
        "/v1/identity/explain": {
            "get": _operation(
                "Why two identifiers are one customer's",
                {200: ExplainAnswer, 400: None, 404: None, 422: None, 503: None, **operator},
                query=ExplainQuery, is_operators=True,
            ),
        },
        "/v1/identity/reviews": {
            "get": _operation(
                "What waits for a decision", {200: ReviewsAnswer, 409: None, 503: None, **operator}, is_operators=True,
            ),
        },
        "/v1/identity/decisions": {
            "get": _operation(
                "Decisions about who is who", {200: DecisionsAnswer, 409: None, 503: None, **operator}, is_operators=True,
            ),
            "post": _operation(
                "Split, refuse, join or withdraw",
                {201: TakenAnswer, 400: None, 409: None, 413: None, 415: None, 422: None, 503: None, **operator},
                body=NewDecision, is_operators=True,
            ),
        },
        "/healthz": {"get": _operation("The process answers", {200: schemas.HealthAnswer})},
        "/readyz": {"get": _operation("What is being served", {200: schemas.ReadyAnswer, 503: None})},
        "/openapi.json": {"get": {"summary": "This document", "responses": {"200": {"description": "OpenAPI 3.1"}}}},
    }  # fmt: skip
    _, defined = models_json_schema([(model, "validation") for model in MODELS], ref_template=REF)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Concierge", "version": build, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "paths": paths,
        "components": {"schemas": defined["$defs"], "securitySchemes": {"operator": {"type": "http", "scheme": "bearer"}}},
    }


def _operation(
    summary: str,
    answers: dict[int, type[BaseModel] | None],
    query: type[BaseModel] | None = None,
    path: str = "",
    body: type[BaseModel] | None = None,
    is_operators: bool = False,
) -> dict:
    """One operation. Every status from 400 on is a `Problem`, whatever its cause."""
    told = {"summary": summary, "responses": {str(status): _answer(status, model) for status, model in sorted(answers.items())}}
    told["responses"]["default"] = _answer(500, None)
    parameters = [{"name": path, "in": "path", "required": True, "schema": {"type": "string"}}] if path else []
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
    if is_operators:
        told["security"] = [{"operator": []}, {}]
    return told


def _answer(status: int, model: type[BaseModel] | None) -> dict:
    if status >= 400:
        return {"description": "A problem", "content": {MEDIA_TYPE: {"schema": _ref(schemas.Problem)}}}
    if model is None:
        return {"description": "Done"}
    return {"description": (model.__doc__ or "").strip(), "content": {"application/json": {"schema": _ref(model)}}}


def _ref(model: type[BaseModel]) -> dict:
    return {"$ref": REF.format(model=model.__name__)}

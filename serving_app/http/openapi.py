"""The API's description (OpenAPI 3.1), made of the app's routes and the models that requests are checked by;
a test holds it against real answers.
"""

from collections.abc import Iterable
from functools import cached_property

from flask import Blueprint, Flask, Response
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serving_app.http.auth import EVENTS, require_scope
from serving_app.http.browser_keys import TOKEN_HEADER
from serving_app.http.operations import (
    Answer,
    Operation,
    OtherMedia,
    RequestHeader,
    Route,
    collect_routes,
    describe_operation,
)
from serving_app.http.page_keys import NAME as PAGE_KEY
from serving_app.http.problems import MEDIA_TYPE
from serving_app.http.responses import make_json_response
from serving_app.http.schemas import Problem
from serving_app.http.services import get_service
from serving_app.keys.callers import PUBLIC

REF = "#/components/schemas/{model}"
OPEN = "; until a key or CONCIERGE_ADMIN_TOKEN exists, none is wanted and only this machine itself may ask"
SECURITY_SCHEMES = {
    "bearerKey": {
        "type": "http",
        "scheme": "bearer",
        "description": f"a key that `make key` printed, or CONCIERGE_ADMIN_TOKEN{OPEN}",
    },
    "basicKey": {
        "type": "http",
        "scheme": "basic",
        "description": "a key as the user's name, the password empty: as Segment's clients send a write key",
    },
    "pageKey": {
        "type": "apiKey",
        "in": "query",
        "name": PAGE_KEY,
        "description": "a browser's key, with events of a page that can set no header (sendBeacon)",
    },
}
KEY_SCHEMES = ("bearerKey", "basicKey")
KEY_PROBLEMS = (401, 403, 429)
USER_TOKEN = RequestHeader(TOKEN_HEADER, "with a browser's key: the proof that the visitor is this user_id")

COMMA_SEPARATED = {"style": "form", "explode": False}  # how a query has a list: each name stands in it once

bp = Blueprint("openapi", __name__)


class ApiDescription:
    """The description of one app, made once when it is first asked for."""

    def __init__(self, app: Flask, build: str) -> None:
        self._app, self._build = app, build

    @cached_property
    def document(self) -> dict:
        """The whole OpenAPI document."""
        return describe_api(list(collect_routes(self._app)), self._build)


@bp.get("/openapi.json")
@require_scope(PUBLIC)
@describe_operation("getOpenApi", "This document", {200: "OpenAPI 3.1"})
def get_openapi() -> Response:
    """The OpenAPI document of this service."""
    return make_json_response(get_service(ApiDescription).document)


def describe_api(routes: list[Route], version: str) -> dict:
    """The OpenAPI document of these routes."""
    models = sorted({Problem, *_collect_models(routes)}, key=lambda model: model.__name__)
    _, definitions = models_json_schema([(model, "validation") for model in models], ref_template=REF)
    paths: dict[str, dict] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method] = describe_route(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Concierge",
            "version": version,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "the service that this document comes from"}],
        "security": [],  # of an operation that names none: everyone may ask
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def _collect_models(routes: Iterable[Route]) -> Iterable[type[BaseModel]]:
    """Every model that an answer or a body refers to; a query's is written out where it stands."""
    for route in routes:
        for model in (*route.operation.answers.values(), route.operation.body):
            if isinstance(model, type):
                yield model


def describe_route(route: Route) -> dict:
    """One operation of the document. Every status from 400 on is a `Problem`, whatever its cause."""
    operation, scope = route.operation, route.required_scope.scope
    needs_key = scope != PUBLIC
    description = {
        "operationId": operation.operation_id,
        "summary": operation.summary,
        "tags": [route.feature],
        "responses": _describe_responses(operation, needs_key),
    }
    parameters = [
        *_describe_path(route.path_parameters),
        *_describe_query(operation.query),
        *map(_describe_header, list_headers(route)),
    ]
    if parameters:
        description["parameters"] = parameters
    if operation.body:
        media_types = getattr(operation.body, "media_types", ("application/json",))
        content = {name: {"schema": _refer(operation.body)} for name in media_types}
        description["requestBody"] = {"required": True, "content": content}
    if needs_key:
        schemes = (*KEY_SCHEMES, *(("pageKey",) if scope == EVENTS else ()))
        description["security"] = [*({name: [scope]} for name in schemes), {}]
    return description


def list_headers(route: Route) -> list[RequestHeader]:
    """The headers that an operation reads; where a page may ask about a user, that user's token too."""
    scope, is_for_browsers = route.required_scope
    return [*route.headers, *([USER_TOKEN] if scope == "read" and is_for_browsers else [])]


def _describe_header(header: RequestHeader) -> dict:
    return {
        "name": header.name,
        "in": "header",
        "required": header.is_required,
        "description": header.description,
        "schema": {"type": "string"},
    }


def _describe_responses(operation: Operation, needs_key: bool) -> dict[str, dict]:
    answers = {status: _describe_answer(model) for status, model in operation.answers.items()}
    if 201 in answers:
        answers[201]["headers"] = {
            "Location": {"description": "where it can be read", "schema": {"type": "string"}}
        }
    problem = {"description": "A problem", "content": {MEDIA_TYPE: {"schema": _refer(Problem)}}}
    for status in (*operation.problems, *(KEY_PROBLEMS if needs_key else ())):
        answers[status] = problem
    described = {str(status): answers[status] for status in sorted(answers)}
    is_refused = any(400 <= status < 500 for status in answers)
    return {**described, **({} if is_refused else {"4XX": problem}), "default": problem}


def _describe_answer(model: Answer) -> dict:
    if isinstance(model, OtherMedia):
        return {
            "description": model.description,
            "content": {model.media_type: {"schema": {"type": "string"}}},
        }
    if isinstance(model, str):
        return {"description": model, "content": {"application/json": {"schema": {"type": "object"}}}}
    if model is None:
        return {"description": "Done"}
    return {
        "description": (model.__doc__ or "").strip(),
        "content": {"application/json": {"schema": _refer(model)}},
    }


def _describe_path(names: Iterable[str]) -> list[dict]:
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _describe_query(model: type[BaseModel] | None) -> list[dict]:
    if model is None:
        return []
    schema = model.model_json_schema(ref_template=REF)
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": field,
            **(COMMA_SEPARATED if field.get("type") == "array" else {}),
        }
        for name, field in schema["properties"].items()
        if field.get("type") != "object"  # for bodies alone
    ]


def _refer(model: type[BaseModel]) -> dict:
    return {"$ref": REF.format(model=model.__name__)}

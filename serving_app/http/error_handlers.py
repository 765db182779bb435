"""The one place where an error becomes an answer: `application/problem+json` (RFC 9457)."""

import logging

import orjson
from flask import Flask, Response
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from serving_app.http.problems import MEDIA_TYPE, ApiError, BadRequest, TooManyRequests, list_flaws

logger = logging.getLogger(__name__)


def register_error_handlers(app: Flask) -> None:
    """Map every error of the app to its answer."""
    app.register_error_handler(ApiError, _handle_api_error)
    app.register_error_handler(ValidationError, _handle_validation_error)
    app.register_error_handler(HTTPException, _handle_http_exception)
    app.register_error_handler(Exception, _handle_unforeseen)


def _handle_api_error(error: ApiError) -> Response:
    response = make_problem_response(error.status, error.kind, error.title, error.detail, **error.extensions)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    if error.status == 503:
        response.headers["Retry-After"] = "5"
    return response


def _handle_validation_error(error: ValidationError) -> Response:
    flaws = list_flaws(error)
    detail = "; ".join(f"{flaw['field']}: {flaw['message']}" for flaw in flaws)
    return make_problem_response(400, BadRequest.kind, BadRequest.title, detail, errors=flaws)


def _handle_http_exception(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return error.get_response()
    response = make_problem_response(
        error.code, f"http-{error.code}", error.name, error.description or error.name
    )
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value  # such as Allow with 405
    return response


def _handle_unforeseen(error: Exception) -> Response:
    log_unforeseen(error)
    return make_problem_response(500, ApiError.kind, ApiError.title, "The error has been logged.")


def log_unforeseen(error: Exception) -> None:
    """Log the kind of error and where it was, not its text: it may quote what was sent."""
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    where = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else "?"
    logger.error("unforeseen %s at %s", type(error).__name__, where)


def make_problem_response(status: int, kind: str, title: str, detail: str, **extensions) -> Response:
    """An `application/problem+json` answer; `extensions` are members of its own beside the standard ones."""
    body = {
        "type": f"urn:concierge:problem:{kind}",
        "title": title,
        "status": status,
        "detail": detail,
        **extensions,
    }
    return Response(
        orjson.dumps(body), status, mimetype=MEDIA_TYPE, headers={"Cache-Control": "private, no-store"}
    )

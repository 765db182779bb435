"""What a browser's key may ask, and CORS: which pages may read the answers.

Every visitor of a page can read its key, so the key alone proves nothing about who is asking: it names
visitors by the id in their cookie, and a user only with the token that the shop's server signed for them.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from flask import Flask, Response, g, request
from flask.globals import request_ctx

from expectations.contracts.ids import normalise_id
from serving_app.http.auth import RequiredScope
from serving_app.http.json_body import parse_json
from serving_app.http.problems import BadRequest, OriginRefused, UserUnproven
from serving_app.http.responses import add_vary
from serving_app.keys.callers import Caller
from serving_app.keys.store import KeyStore
from serving_app.keys.user_tokens import InvalidUserToken, UserTokens

TOKEN_HEADER = "X-Concierge-User-Token"
# Whoever asks by a customer's id or for the trace of a decision is a server of the shop.
SERVER_PARAMETERS = ("customer_id", "explain")
CORS_HEADERS = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST",
    "Access-Control-Allow-Headers": (
        f"Authorization, Content-Type, X-Request-Id, X-Retry-Count, {TOKEN_HEADER}"
    ),
    "Access-Control-Max-Age": "600",
}
EXPOSED_HEADERS = "X-Request-Id, Retry-After, RateLimit, RateLimit-Policy"


def check_browser_request(caller: Caller, scope: str, tokens: UserTokens) -> None:
    """Let a request with a browser's key pass that asks only about its own visitor.

    Raises:
        OriginRefused: it comes from another page than the key is for.
        UserUnproven: it names somebody whom it does not prove to be.
    """
    origin = request.headers.get("Origin")
    if origin is not None and origin.lower() not in caller.origins:
        raise OriginRefused("This key is not for pages of this origin; `make keys` names those it is for.")
    if scope == "read":
        for name, value in _read_parameters():
            if name in SERVER_PARAMETERS and value not in ("", None, "false", False):
                raise UserUnproven(f"{name} is not for a browser's key: ask from a server of the shop.")
            if name == "user_id" and value not in ("", None):
                check_user(value, request.headers.get(TOKEN_HEADER, ""), tokens)


def check_user(user_id: Any, token: str, tokens: UserTokens) -> None:
    """Let a user id pass that the token proves.

    Raises:
        UserUnproven: says what is wrong with the token.
    """
    if not tokens.is_required:
        raise UserUnproven("user_id is not for a browser's key while CONCIERGE_USER_TOKEN_SECRETS is empty.")
    try:
        proven = tokens.verify(token)
    except InvalidUserToken as error:
        raise UserUnproven(f"{TOKEN_HEADER} does not prove the user: {error}.") from None
    if not isinstance(user_id, str) or (normalise_id(user_id) or user_id) != proven:
        raise UserUnproven(f"{TOKEN_HEADER} is another user's.")


def _read_parameters() -> Iterable[tuple[str, Any]]:
    """Names and values of the query, and of a body where one is sent with a question."""
    yield from request.args.items(multi=True)
    if request.method == "POST" and request.is_json:
        body = parse_json(request.get_data())
        if not isinstance(body, Mapping):
            raise BadRequest("the body must be a JSON object")
        yield from body.items()


def register_cors(
    app: Flask, keys: KeyStore, required: Mapping[str, RequiredScope], clock: Callable[[], datetime]
) -> None:
    """Let pages read the answers to what browsers' keys may ask, from the origins of those keys alone."""

    def is_for_pages() -> bool:
        endpoint = request_ctx.request.endpoint
        return endpoint is not None and required[endpoint].is_for_browsers

    def is_allowed(origin: str) -> bool:
        return any(origin.lower() in key.origins and key.is_valid(clock()) for key in keys.read_all())

    def answer_preflight() -> Response | None:
        """A preflight carries no key, so any page of any valid key is told that it may ask."""
        environ = request_ctx.request.environ
        origin = environ.get("HTTP_ORIGIN")
        is_preflight = environ["REQUEST_METHOD"] == "OPTIONS" and (
            "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        )
        if not is_preflight or not origin:
            return None
        if not is_for_pages() or not is_allowed(origin):
            raise OriginRefused("No browser's key is for pages of this origin, or they may not ask this.")
        return Response(status=204, headers=CORS_HEADERS)

    def add_headers(response: Response) -> Response:
        if is_for_pages():
            add_vary(response, "Origin")
            origin = request_ctx.request.environ.get("HTTP_ORIGIN")
            if not origin:
                return response
            caller = g.get("caller")
            if origin.lower() in caller.origins if caller else is_allowed(origin):
                response.headers["Access-Control-Allow-Origin"] = origin
                response.headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
        return response

    app.before_request(answer_preflight)
    app.after_request(add_headers)

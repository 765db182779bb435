"""The checks before every view: who sends the request, how often they may, what they may ask."""

from collections.abc import Callable
from datetime import datetime

from flask import Flask, Response, g, request
from flask.globals import request_ctx

from serving_app.http.auth import check_scope, find_caller, get_required_scope
from serving_app.http.browser_keys import check_browser_request, register_cors
from serving_app.http.problems import ApiError, KeyRequired, TooManyRequests
from serving_app.keys.callers import ADMIN, LOCAL, PUBLIC, Caller
from serving_app.keys.rate_limits import RateLimits, RateWindow
from serving_app.keys.store import KeyStore
from serving_app.keys.user_tokens import UserTokens
from serving_app.metrics import declarations as metrics

UNLIMITED = (LOCAL, ADMIN)  # whoever can stop the service anyway


def register_access(
    app: Flask, keys: KeyStore, tokens: UserTokens, limits: RateLimits, clock: Callable[[], datetime]
) -> None:
    """Let every request of the app be checked; call it when all views are registered."""
    required = {endpoint: get_required_scope(view) for endpoint, view in app.view_functions.items()}
    register_cors(app, keys, required, clock)

    def check_access() -> None:
        endpoint = request_ctx.request.endpoint
        if endpoint is None:
            return
        scope, is_for_browsers = required[endpoint]
        if scope == PUBLIC:
            return
        try:
            g.caller = caller = find_caller_within_limits(keys, limits, clock, scope)
            check_scope(caller, scope, is_for_browsers)
            if caller.is_browser:
                check_browser_request(caller, scope, tokens)
        except ApiError as error:
            metrics.REFUSED.labels(reason=error.kind).inc()
            raise

    def describe_rate(response: Response) -> Response:
        if window := g.get("rate_window"):
            response.headers.update(window.describe())
        return response

    app.before_request(check_access)
    app.after_request(describe_rate)


def find_caller_within_limits(
    keys: KeyStore, limits: RateLimits, clock: Callable[[], datetime], scope: str
) -> Caller:
    """Who sends the current request, counted.

    Raises:
        KeyRequired, LocalOnly: nobody whom the service knows.
        TooManyRequests: a caller asks more often than their rate, or an address fails too often. Valid keys
            from an address that fails are answered: a proxy sends everybody's requests from one.
    """
    try:
        caller = find_caller(keys, clock, scope)
    except KeyRequired:
        refuse_beyond(limits.count_failure(request.remote_addr))
        raise
    if caller not in UNLIMITED and (window := limits.count(caller)):
        g.caller, g.rate_window = caller, window
        refuse_beyond(window)
    return caller


def refuse_beyond(window: RateWindow) -> None:
    """Let a request pass within its rate.

    Raises:
        TooManyRequests: with the seconds after which to try again.
    """
    if not window.is_allowed:
        raise TooManyRequests(
            f"Try again in {window.reset_seconds} s: {window.limit} requests in {window.window_seconds} s"
            " are allowed here.",
            window.reset_seconds,
        )

"""What is noted of every request: its id, how long it took, a count, a line in the access log."""

import random
import re
import time
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from flask import Flask, Response, g, has_request_context
from flask.globals import app_ctx, request_ctx
from prometheus_client import Counter, Histogram

from serving_app.http.access_log import AccessLog
from serving_app.metrics import declarations as metrics
from serving_app.metrics.shared_folder import EndNotice

# What a client may call its request; an e-mail address is none.
REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
UNMATCHED = "unmatched"  # the route of a path that none is declared for


def register_observation(app: Flask, clock: Callable[[], datetime], log: AccessLog | None) -> None:
    """Let every request be noted; call it before all else, so that it sees the first and the last of it."""

    end = EndNotice()

    def begin() -> None:
        own = app_ctx.g
        own.started_at = time.perf_counter()
        sent = request_ctx.request.environ.get("HTTP_X_REQUEST_ID", "")
        own.request_id = sent if REQUEST_ID.fullmatch(sent) else f"{random.getrandbits(64):016x}"

    def finish(response: Response) -> Response:
        own, asked = app_ctx.g, request_ctx.request  # each `g` and `request` finds its context anew
        seconds = time.perf_counter() - own.started_at
        route = asked.url_rule.rule if asked.url_rule else UNMATCHED
        method = asked.method if asked.method in METHODS else "other"
        requests, durations = find_series(method, route, response.status_code)
        requests.inc()
        durations.observe(seconds)
        response.headers.add("X-Request-Id", own.request_id)
        response.headers.add("X-Content-Type-Options", "nosniff")
        if end.is_ending():
            response.headers["Connection"] = "close"  # or the client's next request may meet a closed door
        if log is not None:
            log.write(
                {
                    "at": clock(),
                    "request_id": own.request_id,
                    "method": method,
                    "route": route,
                    "status": response.status_code,
                    "ms": round(seconds * 1000, 3),
                    "key": own.caller.name if "caller" in own else None,
                }
            )
        return response

    app.before_request(begin)
    app.after_request(finish)


@lru_cache(maxsize=1024)  # a label's look-up takes a lock and a tuple; there are some 100 series
def find_series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """The counter and the histogram of a kind of request."""
    return (
        metrics.REQUESTS.labels(method=method, route=route, status=str(status)),
        metrics.REQUEST_SECONDS.labels(route=route),
    )


def get_request_id() -> str | None:
    """The id of the current request; None outside of one."""
    return g.get("request_id") if has_request_context() else None


def describe_request() -> dict[str, Any]:
    """What a log line says of the request that it belongs to; nothing outside of one."""
    request_id = get_request_id()
    return {"request_id": request_id} if request_id else {}

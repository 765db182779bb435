"""A list as a response: its provenance in headers, and for a list that is nobody's own an ETag."""

import hashlib
from typing import Any

import orjson
from flask import Response, request

from serving_app.http.responses import make_json_response
from serving_app.recommendations.schemas import ListQuery


def make_list_response(answer: dict[str, Any], query: ListQuery, *, is_cacheable: bool = False) -> Response:
    """The response with a list.

    Args:
        is_cacheable: whether the list is the same for everybody who names no visitor. It may be cached
            and asked for again with its ETag (304: it is as it was); any other is stored nowhere.
    """
    headers = {
        name: value
        for name, value in (("X-Model-Version", answer["model_version"]), ("X-Snapshot", answer["snapshot"]))
        if value is not None
    }
    is_anonymous = not (query.customer_id or query.user_id or query.anonymous_id)
    if not (is_cacheable and is_anonymous and answer["items"] and not query.explain):
        return make_json_response(answer, **headers)
    response = make_json_response(answer, **headers | {"Cache-Control": "private, no-cache"})
    shown = [answer[name] for name in ("placement", "source", "snapshot", "applied_overrides", "items")]
    # weak: the time and the id of the request differ, what is shown does not
    response.set_etag(hashlib.blake2b(orjson.dumps(shown), digest_size=12).hexdigest(), weak=True)
    return response.make_conditional(request)

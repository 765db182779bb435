"""One blueprint a feature. A view reads: parse, ask the service, answer."""

import orjson
from flask import Response, current_app, request

from serving_app.errors import BadRequest
from serving_app.service import Service


def service() -> Service:
    """The app's service."""
    return current_app.extensions["concierge"]


def answer(body: dict | list, status: int = 200) -> Response:
    """A JSON answer. Never kept by anyone on the way: it was made for one visitor at one moment."""
    return Response(orjson.dumps(body), status, mimetype="application/json", headers={"Cache-Control": "no-store"})


def arguments() -> dict[str, str]:
    """The query's parameters.

    Raises:
        BadRequest: one is given twice, so it is unclear which is meant.
    """
    given = request.args.to_dict(flat=False)
    twice = sorted(name for name, values in given.items() if len(values) > 1)
    if twice:
        raise BadRequest(f"{', '.join(twice)} given more than once")
    return {name: values[0] for name, values in given.items()}


def body() -> dict:
    """The request's JSON object.

    Raises:
        BadRequest: it is JSON and no object; no JSON at all is refused by Flask (400, 415).
    """
    given = request.get_json()
    if not isinstance(given, dict):
        raise BadRequest("the body must be a JSON object")
    return given
